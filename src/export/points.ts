/** Points of one series in arrays that grow. */
export class Points {
  length = 0;
  times = new BigInt64Array(16);
  values = new Float64Array(16);

  add(timeNs: bigint, value: number): void {
    // The real clock may have been set back, and a series goes forward only.
    if (this.length > 0 && timeNs <= this.times[this.length - 1]!) return;
    if (this.length === this.values.length) {
      const [times, values] = [this.times, this.values];
      this.times = new BigInt64Array(this.length * 2);
      this.values = new Float64Array(this.length * 2);
      this.times.set(times);
      this.values.set(values);
    }
    this.times[this.length] = timeNs;
    this.values[this.length++] = value;
  }
}
