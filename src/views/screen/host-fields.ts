/**
 * The lines above the rows: the host, the recorder and what it cannot see.
 *
 * The traps: they must not move from frame to frame, so numbers have a fixed width and a field goes to the next line as a
 * whole; and on a small screen what matters least is left out, never cut in the middle of a number.
 */
import { escapeTerminal } from '../../text/escape.js';
import { formatShortSize, SHORT_SIZE_WIDTH } from '../../text/short-size.js';
import { shapeLine } from './bars.js';
import { clockTime, spanText } from './clock-time.js';
import type { HostModel, ScreenModel } from './screen-model.js';
import { clipLine, lineOf, type Span, type Style, type StyledLine, span, widthOf } from './styled-line.js';
import type { Symbols } from './symbols.js';

const SHAPE_POINTS = 12;
const GAP = '  ';
/** Percent of the time from which pressure is a warning, and an alarm. */
const PRESSURE_WARN = 1;
const PRESSURE_ALARM = 10;
/** Share of the memory below which what is available is one. */
const AVAILABLE_WARN = 0.15;
const AVAILABLE_ALARM = 0.05;
const RECENT_MS = 600_000;

/** A field, and a shorter one for a screen that is too narrow. */
interface Field {
  readonly full: readonly Span[];
  readonly short: readonly Span[];
}

/** At most `most` lines of at most `width` columns. */
export function hostLines(model: ScreenModel, width: number, most: number, symbols: Symbols): StyledLine[] {
  if (most <= 0) return [];
  const lines: Span[][] = [[]];
  for (const field of fieldsOf(model, symbols)) {
    const spans = widthOf(field.full) <= width ? field.full : field.short;
    const line = lines.at(-1)!;
    if (line.length > 0 && widthOf(line) + GAP.length + widthOf(spans) > width) {
      if (lines.length === most) break;
      lines.push([...spans]);
    } else {
      if (line.length > 0) line.push(span(GAP));
      line.push(...spans);
    }
  }
  return lines.map((spans) => clipLine(lineOf(...spans), width, symbols.ellipsis));
}

/** What matters most comes first. */
function fieldsOf(model: ScreenModel, symbols: Symbols): Field[] {
  const { host } = model;
  return [
    available(host, symbols),
    pressure(host),
    swap(host),
    oom(host),
    ...blindSpots(model),
    recorder(host),
    cost(host),
    counts(model),
  ].filter((field) => field !== undefined);
}

const label = (text: string) => span(`${text} `, 'dim');
const size = (bytes: number | undefined) => formatShortSize(bytes ?? Number.NaN) || '-';
const fixedSize = (bytes: number | undefined) => size(bytes).padStart(SHORT_SIZE_WIDTH);

function available({ memory, availableShape }: HostModel, symbols: Symbols): Field | undefined {
  if (memory?.available === undefined) return undefined;
  const share = memory.available / (memory.total ?? Number.NaN);
  const style: Style = share < AVAILABLE_ALARM ? 'alarm' : share < AVAILABLE_WARN ? 'warn' : 'bold';
  const shape = span(` ${shapeLine(availableShape(SHAPE_POINTS), symbols)}`, 'spark');
  const value = span(fixedSize(memory.available), style);
  return {
    full: [label('MemAvailable'), value, span(` of ${size(memory.total)}`, 'dim'), shape],
    short: [label('avail'), value, span(shape.text.slice(0, 8), 'spark')],
  };
}

function pressure({ pressure: found }: HostModel): Field | undefined {
  if (!found) return undefined;
  const percent = (value: number | undefined): Span => {
    if (value === undefined) return span('    -', 'dim');
    const style: Style = value >= PRESSURE_ALARM ? 'alarm' : value >= PRESSURE_WARN ? 'warn' : 'bold';
    return span(value.toFixed(2).padStart(5), style);
  };
  return {
    full: [
      label('pressure some'),
      percent(found.some),
      span(' '),
      label('full'),
      percent(found.full),
      span(' %', 'dim'),
    ],
    short: [label('psi'), percent(found.some), span(' '), percent(found.full)],
  };
}

function swap({ memory }: HostModel): Field | undefined {
  if (memory?.swapTotal === undefined || memory.swapFree === undefined) return undefined;
  if (memory.swapTotal === 0)
    return { full: [label('swap'), span('none', 'bold')], short: [label('swap'), span('none', 'bold')] };
  const used = span(fixedSize(memory.swapTotal - memory.swapFree), 'bold');
  return { full: [label('swap'), used, span(` of ${size(memory.swapTotal)}`, 'dim')], short: [label('swap'), used] };
}

function oom({ oom: found, clock }: HostModel): Field | undefined {
  if (!found) return undefined;
  const { kills, ofGroup, last } = found;
  if (kills === 0 && !last) {
    return {
      full: [label('last OOM kill'), span('none since boot', 'bold')],
      short: [label('OOM'), span('none', 'bold')],
    };
  }
  const isRecent = last?.at !== undefined && clock.getTime() - last.at.getTime() < RECENT_MS;
  const style: Style = isRecent ? 'alarm' : 'bold';
  const when = last?.at === undefined ? 'at an unknown time' : clockTime(last.at, clock);
  const whom =
    last?.pid === undefined ? '' : ` ${escapeTerminal(Buffer.from(last.comm ?? '?', 'latin1'))}[${last.pid}]`;
  const limit = last?.ofCgroup ? ' at a cgroup limit' : '';
  const group = ofGroup ? `, ${ofGroup} in this cgroup` : '';
  return {
    full: [
      label('last OOM kill'),
      span(`${when}${whom}${limit}`, style),
      span(` (${kills} since boot${group})`, 'dim'),
    ],
    short: [label('OOM'), span(`${kills}${whom}`, style)],
  };
}

function blindSpots({ processes, oldNs }: ScreenModel): Field[] {
  const denied = processes.filter(({ deep }) => deep === 'denied').length;
  const unread = processes.filter(({ deep, long }) => deep === 'unread' && long.overNs > oldNs).length;
  const field = (full: string, short: string): Field => ({ full: [span(full, 'warn')], short: [span(short, 'warn')] });
  return [
    ...(denied > 0 ? [field(`${denied} PSS denied: CAP_SYS_PTRACE`, `${denied} PSS denied`)] : []),
    ...(unread > 0 ? [field(`${unread} PSS not read: not due yet, or too large`, `${unread} PSS unread`)] : []),
  ];
}

function recorder({ engine, askedHz, givenHz, missedTicks, ended }: HostModel): Field {
  if (ended !== undefined) return { full: [span(ended, 'alarm')], short: [span('ended', 'alarm')] };
  const asked = String(Number(askedHz.toPrecision(3)));
  const given = Number.isNaN(givenHz) ? '-' : givenHz.toFixed(2);
  const isShort = givenHz < askedHz * 0.95;
  return {
    full: [
      label('engine'),
      span(engine, 'bold'),
      span(GAP),
      label('rate'),
      span(`${asked} Hz asked`, 'bold'),
      span(', ', 'dim'),
      span(`${given.padStart(4)} given`, isShort ? 'warn' : 'bold'),
      ...(missedTicks > 0 ? [span(`, ${missedTicks} missed`, 'warn')] : []),
    ],
    short: [label(engine), span(`${given} of ${asked} Hz`, isShort ? 'warn' : 'bold')],
  };
}

function cost({ ownCpu, ownRss }: HostModel): Field {
  const share = Number.isNaN(ownCpu) ? '-' : (ownCpu * 100).toFixed(1);
  return {
    full: [label('own cost'), span(`${share.padStart(4)} % CPU ${fixedSize(ownRss)}`, 'bold')],
    short: [label('own'), span(`${share}% ${size(ownRss)}`, 'bold')],
  };
}

function counts({ host, processes, withoutMemory }: ScreenModel): Field {
  return {
    full: [
      span(String(processes.length), 'bold'),
      span(' processes', 'dim'),
      ...(withoutMemory > 0 ? [span(` and ${withoutMemory} without memory`, 'dim')] : []),
      span(GAP),
      label('since'),
      span(`${clockTime(host.since, host.clock)} (${spanText(host.seenNs)})`, 'bold'),
    ],
    short: [span(`${processes.length} procs`, 'dim')],
  };
}
