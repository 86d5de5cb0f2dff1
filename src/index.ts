/**
 * Tidemark: a memory flight recorder for Linux processes.
 *
 * `startRecording` samples processes into a ring, in a worker thread or a helper process; `openRecording` reads one back,
 * finished or still being written; `readMaps` and its siblings read one kernel file of one process.
 */

export type { EstimateBasis } from './analyze/estimate.js';
export { type Estimate, estimatePss, estimateUss } from './analyze/estimate.js';
export { estimatesAt, type ProcessEstimate } from './analyze/estimates-at.js';
export type { MappingKind } from './analyze/mapping-groups.js';
export { memoryOwners, type OwnedMemory } from './analyze/memory-owners.js';
export { type MemoryPart, type MemoryParts, memoryParts } from './analyze/memory-parts.js';
export type { MetricReading } from './analyze/metric-reading.js';
export type { Confidence, Owner } from './analyze/owner-rules.js';
export type { SpanFaults, SpanMemory, SpanMetric, SpanValues } from './analyze/span-memory.js';
export type { Slope } from './analyze/theil-sen.js';
export type { SpanV8 } from './analyze/v8-activity.js';
export { EngineUnavailableError } from './engine/choose.js';
export type { EngineName } from './engine/engine.js';
export type { GroupHierarchy } from './engine/group-identity.js';
export { readMaps, readSmaps, readSmapsRollup } from './engine/process-files.js';
export { exportCsv } from './export/csv.js';
export { ExportError } from './export/export-error.js';
export {
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportRequest,
  type PartitionRequest,
} from './export/export-request.js';
export { exportPartitions, exportRecording, writeExport } from './export/formats.js';
export { exportJsonl } from './export/jsonl.js';
export type { PartitionKey } from './export/partition-keys.js';
export type { PartitionPiece } from './export/partitions.js';
export type { ExportOptions } from './export/rows.js';
export type { Growth, GrowthKind } from './harness/growth.js';
export { IsolationError } from './harness/isolation-error.js';
export type { Measurement, MeasureOptions } from './harness/measure.js';
export type { GrowthOptions } from './harness/measure-growth.js';
export type { MeasuringRecorder as Recorder } from './harness/measuring-recorder.js';
export { measure, measureGrowth, startRecording } from './harness/on-first-call.js';
export type { Faults } from './harness/own-faults.js';
export type { V8Activity } from './harness/v8-heap.js';
export type { MemoryLimits } from './procfs/limits.js';
export type {
  Mapping,
  MappingTotals,
  MapsText,
  RollupText,
} from './procfs/mapping-objects.js';
export { parseMaps, parseSmaps, parseSmapsRollup } from './procfs/mapping-objects.js';
export type { MappingTable, SmapsField } from './procfs/mapping-table.js';
export type { MemoryGroup } from './procfs/memory-group.js';
export { type Integer, KernelTextError } from './procfs/object-values.js';
export type { ReadBytes } from './procfs/read.js';
export {
  type Reading,
  type ReadOptions,
  readStat,
  readStatm,
  readStatus,
} from './procfs/read.js';
export {
  parseStat,
  parseStatm,
  parseStatus,
  type StatmText,
  type StatText,
  type StatusText,
} from './procfs/stat-objects.js';
export type { StatusField } from './procfs/status.js';
export type { ActionPart } from './recording/action-part.js';
export type { CommandLine } from './recording/commands.js';
export type { LostFrames } from './recording/copy-recording.js';
export { type CutOptions, cutRecording, salvageRecording } from './recording/cut.js';
export type { Density } from './recording/density.js';
export type { StampedEvent } from './recording/event-reading.js';
export type { BudgetGiven, LivesHeard, NamePart, ProcessPart, ResumedClock, TideEvent } from './recording/events.js';
export type { CmdlineMode, RecordingMetadata, RecordingSource, WorkloadPart } from './recording/format.js';
export { NotARecordingError } from './recording/format.js';
export type { FrameView, GapView, ProcessReading, ProcessRef } from './recording/frame.js';
export type { GroupReading, GroupRef, GroupSnapshot, RecordedGroup } from './recording/group-reading.js';
export type { HostReading } from './recording/host-reading.js';
export type { RecordedMappings } from './recording/mapping-record.js';
export type { Mark } from './recording/marks.js';
export { mergeRecordings } from './recording/merge.js';
export { SameRecordingError } from './recording/merge-overlap.js';
export type { ProcessQuery, RecordedProcess } from './recording/process-index.js';
export type { ProgramPart } from './recording/program-part.js';
export {
  openRecording,
  type Recording,
  type SeriesOptions,
} from './recording/recording.js';
export { REDACTABLE, type Redactable, Redactor } from './recording/redact.js';
export type { StepRetention } from './recording/retention.js';
export type { Aggregate, Series, SeriesForm } from './recording/series.js';
export type { Snapshot } from './recording/snapshot.js';
export type { RecordingSummary } from './recording/summary.js';
export type { TimeRange } from './recording/time-range.js';
export type { V8Record } from './recording/v8-log.js';
export type { V8Collection, V8Heap, V8Isolate } from './recording/v8-parts.js';
export { exportReport, writeReport } from './report/export-report.js';
export type { ReportOptions } from './report/report.js';
export type { Damage } from './ring/block-index.js';
export type { RingFormatCode } from './ring/ring-format-error.js';
export { RingFormatError } from './ring/ring-format-error.js';
export type { StorageErrorCode } from './ring/storage-error.js';
export { StorageError } from './ring/storage-error.js';
export type { ActionOption } from './sampler/action-plan.js';
export type { DeepRate } from './sampler/deep-schedule.js';
export type { SamplerHost } from './sampler/host-process.js';
export type { EndReason, SamplerProgress } from './sampler/progress.js';
export type { RecordOptions } from './sampler/record-options.js';
export type { RecordingEnd, Span } from './sampler/recorder.js';
export { RecordingError } from './sampler/recording-error.js';
export type { Target } from './sampler/target.js';
export type { MatchSubject } from './sampler/target-facts.js';
export type { V8Source } from './sampler/v8-source.js';
export type { Quantum, Tier, Unit } from './schema/metric.js';
export {
  CGROUP_METRICS,
  type CgroupMetricName,
  HOST_METRICS,
  type HostMetricName,
  type HostUnits,
  METRICS,
  type Metric,
  type MetricName,
  STATUSES,
  Status,
  type StatusName,
} from './schema.js';
