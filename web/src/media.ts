// Stored pictures and clip frames: the table that says which is which, and the video behind it.
import type { Media } from "./model";

/** Start of every stored picture in seconds, and the clip's frame that it shows. */
export class FrameTable {
  readonly starts: Float64Array;
  readonly frames: Int32Array;
  readonly stop: number;

  constructor(media: Pick<Media, "runs" | "segments" | "timescale">) {
    const total = media.runs.reduce((sum, run) => sum + run[2], 0);
    this.starts = new Float64Array(total);
    let at = 0;
    let step = 1;
    for (const [first, width, count] of media.runs) {
      for (let i = 0; i < count; i++) this.starts[at++] = (first + i * width) / media.timescale;
      step = width / media.timescale;
    }
    this.stop = total ? this.starts[total - 1] + step : 0;
    this.frames = new Int32Array(total);
    at = 0;
    for (const [start, end] of media.segments)
      for (let frame = start; frame < end && at < total; frame++) this.frames[at++] = frame;
  }

  get count(): number { return this.starts.length; }

  /** The stored picture that a media time belongs to. */
  indexAt(time: number): number {
    // Media times come rounded to microseconds (WebM: milliseconds), never late by a whole frame.
    const slack = this.count > 1 ? Math.min(0.001, (this.starts[1] - this.starts[0]) / 4) : 0.001;
    return search(this.starts, time + slack);
  }

  /** A time inside a stored picture, as far from both of its edges as can be. */
  middle(index: number): number {
    const end = index + 1 < this.count ? this.starts[index + 1] : this.stop;
    return (this.starts[index] + end) / 2;
  }

  /** The stored picture of a frame; null where the frame is not stored. */
  indexOf(frame: number): number | null {
    const near = this.nearest(frame);
    return this.frames[near] === frame ? near : null;
  }

  /** The stored picture whose frame is nearest. */
  nearest(frame: number): number {
    const below = search(this.frames, frame);
    const above = Math.min(this.count - 1, below + 1);
    return Math.abs(this.frames[above] - frame) < Math.abs(this.frames[below] - frame) ? above : below;
  }
}

/** The last place whose value is not above `wanted`; 0 if all are. */
const search = (values: Float64Array | Int32Array, wanted: number): number => {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (values[middle] <= wanted) low = middle; else high = middle - 1;
  }
  return low;
};

const opened = new WeakMap<Element, string>();

/** An address for the video: its own, or that of the bytes which the page holds. */
export const address = (media: Media, root: ParentNode = document): string => {
  if (media.src) return media.src;
  const holder = root.querySelector(`[id="${media.element}"]`);
  if (!holder) throw new Error(`the page has no element ${media.element}`);
  const known = opened.get(holder);
  if (known) return known;
  const text = atob((holder.textContent ?? "").trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const made = URL.createObjectURL(new Blob([bytes], { type: media.mime }));
  opened.set(holder, made);
  return made;
};
