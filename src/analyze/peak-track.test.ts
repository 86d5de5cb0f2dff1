import { describe, expect, it } from 'vitest';
import { PeakTrack, readingOf, type Sample } from './peak-track.js';

const exact = (value: number): Sample => ({ value, low: value, high: value, ageNs: 0, method: 'counter' });
const between = (low: number, value: number, high: number): Sample => ({
  value,
  low,
  high,
  ageNs: 5e6,
  method: undefined,
});

describe('the peak', () => {
  it('is the highest value, at its first time', () => {
    const track = new PeakTrack();
    [1, 7, 3, 7].forEach((value, index) => {
      track.take(BigInt(index), exact(value));
    });
    const { peak, peakAtNs } = track.result();
    expect(peak).toEqual({ state: 'measured', value: 7, ageMs: 0, method: 'counter' });
    expect(peakAtNs).toBe(1n);
  });

  it('is no estimate that may be far lower while another value is known', () => {
    const track = new PeakTrack();
    track.take(0n, exact(100));
    track.take(1n, between(50, 140, 200));
    expect(track.result().peak).toMatchObject({ value: 100 });
  });

  it('is an estimate that is higher for certain', () => {
    const track = new PeakTrack();
    track.take(0n, exact(100));
    track.take(1n, between(120, 140, 200));
    expect(track.result().peak).toEqual({ state: 'estimated', value: 140, low: 120, high: 200, ageMs: 5 });
    track.take(2n, exact(119));
    expect(track.result().peak).toMatchObject({ value: 140 });
    track.take(3n, exact(121));
    expect(track.result().peak).toMatchObject({ value: 121 });
  });

  it('is unknown, with the reason, without a value', () => {
    expect(new PeakTrack().result('nobody was there').peak).toEqual({
      state: 'unsupported',
      reason: 'nobody was there',
    });
  });
});

it('the mean is over time, and leaves out when there was no value', () => {
  const track = new PeakTrack();
  track.take(0n, exact(10));
  track.take(30n, exact(40));
  track.absent(40n);
  track.take(100n, exact(1000));
  expect(track.result().mean).toEqual({ state: 'measured', value: 17.5, ageMs: 0, method: 'counter' });
});

describe('what is known within 5 %', () => {
  /** The peak after samples a nanosecond apart, and which of them were the highest so far. */
  function peakOf(...samples: Sample[]) {
    const track = new PeakTrack();
    const highest = samples.map((sample, index) => track.take(BigInt(index), sample));
    return { highest, peak: track.peak, peakAtNs: track.result().peakAtNs };
  }

  it('takes the place of what is less sure, unless that is higher for certain', () => {
    const unsure = between(90, 140, 200);
    expect(peakOf(unsure, exact(89))).toEqual({ highest: [true, false], peak: 140, peakAtNs: 0n });
    expect(peakOf(unsure, exact(90))).toEqual({ highest: [true, true], peak: 90, peakAtNs: 1n });
    // And is then known so well itself.
    expect(peakOf(unsure, exact(90), between(80, 95, 200)).peak).toBe(90);
    expect(peakOf(exact(90), between(90, 95, 200)).peak).toBe(90);
    expect(peakOf(exact(90), between(91, 95, 200)).peak).toBe(95);
  });

  it('has bounds that are so far from each other at most', () => {
    // 5 of 100 apart: as good as counted, so that the higher value is the peak.
    expect(peakOf(exact(99), between(98, 100, 103)).peak).toBe(100);
    expect(peakOf(exact(99), between(98, 100, 103.1)).peak).toBe(99);
  });

  it('is the higher one of its kind, and of two that are as high the first', () => {
    expect(peakOf(exact(5), exact(5), exact(6), exact(6))).toEqual({
      ...{ highest: [true, false, true, false], peak: 6, peakAtNs: 2n },
    });
    expect(peakOf(between(1, 50, 99), between(1, 50, 99), between(1, 60, 99)).highest).toEqual([true, false, true]);
  });

  it('is none before there is a value', () => {
    const track = new PeakTrack();
    expect(track.peak).toBeNaN();
    expect(track.result()).toEqual({
      peak: { state: 'unsupported', reason: 'no frame was recorded' },
      peakAtNs: undefined,
      mean: { state: 'unsupported', reason: 'no frame was recorded' },
    });
  });
});

describe('the mean', () => {
  it('has the bounds of its values once one was estimated', () => {
    const track = new PeakTrack();
    track.take(0n, exact(10));
    track.take(10n, between(20, 30, 60));
    track.take(40n, exact(1));
    expect(track.result().mean).toEqual({ state: 'estimated', value: 25, low: 17.5, high: 47.5, ageMs: 0 });
  });

  it('of one frame alone is its value', () => {
    const counted = new PeakTrack();
    counted.take(7n, { ...exact(10), method: 'paced' });
    expect(counted.result().mean).toEqual({ state: 'measured', value: 10, ageMs: 0, method: 'paced' });
    const estimated = new PeakTrack();
    estimated.take(7n, between(20, 30, 60));
    expect(estimated.result().mean).toEqual({ state: 'estimated', value: 30, low: 20, high: 60, ageMs: 0 });
  });

  it('takes no time in which there was nobody, however often that is told', () => {
    const track = new PeakTrack();
    track.absent(0n);
    track.take(10n, exact(4));
    track.absent(20n);
    track.absent(90n);
    track.take(100n, exact(8));
    track.absent(110n);
    expect(track.result().mean).toMatchObject({ value: 6 });
  });

  it('is of what was told, whatever becomes of that later', () => {
    const track = new PeakTrack();
    const sample = { ...exact(4) };
    track.take(0n, sample);
    Object.assign(sample, exact(100));
    track.absent(10n);
    expect(track.result()).toMatchObject({ peak: { value: 4 }, mean: { value: 4 } });
  });
});

it('a reading is measured where there is a method, with its age', () => {
  expect(readingOf({ ...exact(3), ageNs: 2e6, method: 'whole' })).toEqual({
    ...{ state: 'measured', value: 3, ageMs: 2, method: 'whole' },
  });
  expect(readingOf(between(1, 2, 3))).toEqual({ state: 'estimated', value: 2, low: 1, high: 3, ageMs: 5 });
});
