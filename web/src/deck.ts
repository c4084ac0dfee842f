// One video, frame by frame: what is shown is what the browser presented, never what was asked.
import type { FrameTable } from "./media";

/**
 * Seeks land inside a picture (the middle of its time, so that no rounding shows a neighbor) and
 * are over when the browser says which picture it presented (requestVideoFrameCallback). A browser
 * without that call is believed after `seeked`; `exact` is false there.
 */
export class Deck {
  /** The stored picture on the screen, -1 before the first. */
  shown = -1;
  /** Where the last seek goes, or what is shown: steps count from here, however quick they come. */
  get goal(): number { return this.wanted ?? this.going ?? this.shown; }

  /** 1 forwards, -1 backwards by seeks, 0 standing. */
  direction = 0;
  readonly exact: boolean;
  private wanted: number | null = null;
  private going: number | null = null;
  private waiting: ((index: number) => void)[] = [];
  private busy = false;
  private closed = false;
  private callback = 0;
  private arrivals = new Set<(index: number) => void>();
  private loop: [number, number] | null = null;
  private loops = false;
  private wrapping = false;

  constructor(
    readonly video: HTMLVideoElement,
    readonly table: FrameTable,
    private readonly onshow: (index: number) => void,
    private readonly onstate: () => void = () => {},
  ) {
    this.exact = "requestVideoFrameCallback" in HTMLVideoElement.prototype;
    if (this.exact) {
      const next = (_: number, facts: VideoFrameCallbackMetadata): void => {
        if (this.closed) return;
        this.callback = video.requestVideoFrameCallback(next);
        this.presented(table.indexAt(facts.mediaTime));
      };
      this.callback = video.requestVideoFrameCallback(next);
    } else {
      const guess = (): void => this.presented(table.indexAt(video.currentTime));
      video.addEventListener("seeked", guess);
      video.addEventListener("timeupdate", guess);
      video.addEventListener("loadeddata", guess);
    }
    video.addEventListener("ended", this.ended);
    video.addEventListener("pause", this.paused);
  }

  close(): void {
    this.closed = true;
    this.direction = 0;
    if (this.exact) this.video.cancelVideoFrameCallback(this.callback);
    this.video.removeEventListener("ended", this.ended);
    this.video.removeEventListener("pause", this.paused);
    this.video.pause();
  }

  /** Shows a stored picture; resolves with the one that is shown then. A later call wins. */
  seek(index: number): Promise<number> {
    this.wanted = Math.min(this.table.count - 1, Math.max(0, Math.round(index)));
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (!this.busy) void this.run();
    });
  }

  /** Plays from here, or the pictures `[start, end)`, once or over and over. */
  async play(rate = 1, range: [number, number] | null = null, loops = false): Promise<void> {
    this.loop = range;
    this.loops = loops;
    this.direction = 1;
    this.video.playbackRate = rate;
    if (range) await this.seek(range[0]);
    else if (this.shown >= this.table.count - 1) await this.seek(0);
    if (this.direction !== 1) return;
    try {
      await this.video.play();
    } catch {
      this.direction = 0;  // the browser forbids it, or a pause came first
    }
    this.onstate();
  }

  pause(): void {
    this.direction = 0;
    this.loop = null;
    this.video.pause();
    this.onstate();
  }

  /** Plays backwards, picture by picture. */
  async reverse(rate = 1): Promise<void> {
    this.video.pause();
    this.direction = -1;
    this.loop = null;
    this.onstate();
    const from = this.shown < 0 ? 0 : this.shown;
    const step = this.table.count > 1 ? this.table.stop / this.table.count : 1;
    const begun = performance.now();
    while (this.direction === -1 && !this.closed) {
      const index = from - Math.floor(((performance.now() - begun) / 1000) * (rate / step));
      if (index < 0) break;
      if (index !== this.shown) await this.seek(index);
      await new Promise(requestAnimationFrame);
    }
    if (this.direction === -1) {
      await this.seek(0);
      this.direction = 0;
      this.onstate();
    }
  }

  private readonly ended = (): void => {
    if (this.loops && !this.loop) { this.loop = [0, this.table.count]; }
    if (this.loops && this.loop) { void this.wrap(); return; }
    this.direction = 0;
    this.onstate();
  };

  private readonly paused = (): void => {
    if (this.direction === 1 && !this.busy && !this.wrapping && !this.video.ended) {
      this.direction = 0;
      this.onstate();
    }
  };

  private async wrap(): Promise<void> {
    if (!this.loop || this.wrapping) return;
    this.wrapping = true;
    this.video.pause();
    await this.seek(this.loop[0]);
    this.wrapping = false;
    if (this.direction === 1) await this.video.play().catch(() => {});
  }

  private presented(index: number): void {
    if (index !== this.shown) {
      this.shown = index;
      this.onshow(index);
    }
    for (const arrival of [...this.arrivals]) arrival(index);
    if (this.direction === 1 && this.loop && index >= this.loop[1] - 1 && !this.busy) {
      if (this.loops) void this.wrap();
      else this.pause();
    }
  }

  private async run(): Promise<void> {
    this.busy = true;
    try {
      while (this.wanted !== null && !this.closed) {
        const index = this.wanted;
        const waiting = this.waiting;
        this.wanted = null;
        this.waiting = [];
        this.going = index;
        await this.reach(index);
        this.going = null;
        for (const done of waiting) done(this.shown);
      }
    } finally {
      this.busy = false;
      this.going = null;
    }
  }

  private async reach(index: number): Promise<void> {
    const { video, table } = this;
    if (video.readyState < 1) await once(video, ["loadedmetadata", "error"], 10_000);
    if (video.error) return;
    for (let attempt = 0; attempt < 4 && !this.closed; attempt++) {
      if (this.shown === index && !video.seeking && video.paused) return;
      const there = this.arrival(index);
      const sought = once(video, ["seeked", "error"], 8000);
      const nudge = attempt * 0.1 * (table.middle(index) - table.starts[index]);
      video.currentTime = table.middle(index) + nudge;
      await Promise.race([there.done, sought.then(() => pause(attempt ? 400 : 150))]);
      there.forget();
      if (this.shown === index) return;
    }
  }

  private arrival(index: number): { done: Promise<void>; forget: () => void } {
    let forget = (): void => {};
    const done = new Promise<void>((resolve) => {
      const arrival = (seen: number): void => {
        if (seen !== index || (this.video.seeking && !this.exact)) return;
        this.arrivals.delete(arrival);
        resolve();
      };
      forget = () => { this.arrivals.delete(arrival); };
      this.arrivals.add(arrival);
    });
    return { done, forget };
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const once = (target: EventTarget, names: string[], limit: number): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const name of names) target.removeEventListener(name, end);
      resolve();
    };
    const timer = setTimeout(end, limit);
    for (const name of names) target.addEventListener(name, end);
  });
