import { describe, expect, it } from 'vitest';
import { PeakTrack, type Sample } from '../../src/analyze/peak-track.js';

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
