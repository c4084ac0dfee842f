// What the components are given: the report's JSON and what the page adds; and how it is said.

export interface Identity { lag_s: number; similarity: number | null }
export interface Mask { size: [number, number]; counts: number[] }

export interface Finding {
  kind: string;
  dimension: string;
  start_frame: number;
  end_frame: number;
  start_s: number;
  end_s: number;
  peak_frame: number;
  box: [number, number, number, number] | null;
  mask: Mask | null;
  object: number | null;
  severity_jnd: number;
  confidence: number;
  repairable: boolean;
  explanation: string;
  evidence: { signal?: string; value?: number; threshold?: number; [more: string]: unknown };
  ruled_out: string[];
}

export interface Signal {
  unit?: string;
  better?: string;
  summary: number | null;
  reason?: string;
  series?: (number | null)[];
  series_per_second?: (number | null)[];
}

export interface Followed {
  id: number;
  start_frame: number;
  end_frame: number;
  identity?: Identity[];
}

export interface Shot {
  start_frame: number;
  end_frame: number;
  like_previous?: Record<string, number | null>;
}

export interface Report {
  schema: string;
  version: string;
  digest: string;
  warnings: string[];
  clip: {
    path: string; frames: number; fps: number; duration_s: number;
    width: number; height: number; timecode: string | null;
  };
  score: number | null;
  motion: { median_px_per_s: number | null; assessable: boolean };
  unseen: { jnd: number; reasons: string[] };
  cuts: { start_frame: number; end_frame: number; kind: string }[];
  shots: Shot[];
  objects: Followed[];
  signals: Record<string, Signal>;
  metrics?: Record<string, Signal>;
  findings: Finding[];
  not_assessable: Record<string, string>;
  gate: { clause: string; passed: boolean; value: number | null; reason?: string;
          start_frame: number | null; end_frame: number | null }[];
}

/** A video that the page holds: frame n of the clip is its picture `index`, by the table. */
export interface Media {
  src?: string;            // an address, or
  element?: string;        // the id of the element that holds it, base64
  mime: string;
  width: number;
  height: number;
  timescale: number;
  runs: [first: number, step: number, count: number][];  // start of every picture, in ticks
  segments: [start: number, end: number][];              // frames of the clip, in stored order
  whole: boolean;
}

export interface Picture { role: string; frame: number }
export interface Image { src: string; width: number; height: number }

export interface ReportData {
  schema: string;
  report: Report;
  first_frame: number;
  seconds: number[] | null;   // presentation times, where they are not frame / fps
  verdict: { word: string; meaning: string };
  kinds: Record<string, { meaning: string; dimension: string }>;
  signals: Record<string, string>;
  media: Media | null;
  no_media: string | null;
  pictures: Picture[][];      // of each finding
  images: Record<string, Image>;  // by frame
}

const SHORT = /^(psnr|ssim|rms|dtw|dis|raft|clip|mmd|dino)$/;

/** `lighting_flicker` as people say it; abbreviations stay what they are. */
export const words = (name: string): string => {
  const text = name.replace(/^ms_ssim/, "MS-SSIM").replace(/^vbench/, "VBench").split("_")
    .map((word) => (SHORT.test(word) ? word.toUpperCase() : word === "skimage" ? "(scikit-image)" : word)).join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/** The same within a sentence. */
export const phrase = (name: string): string => {
  const text = words(name);
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
};

/** A severity in words; the steps of the scale, for the number as it is written. */
export const severityWord = (value: number): string => {
  const jnd = Math.round(value * 10) / 10;
  return jnd >= 10 ? "ruins the shot" : jnd >= 5 ? "strong" : jnd >= 3 ? "clear" :
    jnd >= 2 ? "visible" : jnd >= 1 ? "barely visible" : "below visible";
};

/** 1 (hardly visible) to 5 (ruins the shot): which color of the scale. */
export const severityStep = (value: number): number => {
  const jnd = Math.round(value * 10) / 10;
  return jnd >= 10 ? 5 : jnd >= 5 ? 4 : jnd >= 3 ? 3 : jnd >= 2 ? 2 : 1;
};

export const jnd = (value: number): string => (value >= 9.95 ? value.toFixed(0) : value.toFixed(1));

/** Seconds as people read them. */
export const clock = (seconds: number): string => {
  if (seconds < 60) return `${seconds.toFixed(2)} s`;
  const hundredths = Math.round(seconds * 100);
  const minutes = Math.floor(hundredths / 6000);
  const rest = ((hundredths % 6000) / 100).toFixed(2).padStart(5, "0");
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
};

/** Short form for axes. */
export const tick = (seconds: number, step: number): string => {
  if (seconds < 60 && step < 60) return `${seconds.toFixed(step < 0.1 ? 2 : step < 1 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, "0");
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
};

export const number = (value: number | null | undefined): string => {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  return String(Number(value.toPrecision(3)));
};

export const frameRange = (start: number, end: number): string =>
  end - start === 1 ? `frame ${start}` : `frames ${start}–${end - 1}`;

/** Frames and their times in the clip, for one report. */
export class Timeline {
  readonly first: number;
  readonly count: number;
  readonly fps: number;
  /** Where the axis of time ends, if that is not where the clip does. */
  axisStop: number | null = null;
  private readonly seconds: number[] | null;

  constructor(report: Pick<Report, "clip">, first = 0, seconds: number[] | null = null) {
    this.first = first;
    this.count = Math.max(1, report.clip.frames || 0);
    this.fps = report.clip.fps || 24;
    this.seconds = seconds && seconds.length === this.count ? seconds : null;
  }

  get last(): number { return this.first + this.count - 1; }
  get end(): number { return this.first + this.count; }

  clamp(frame: number): number {
    return Math.min(this.last, Math.max(this.first, Math.round(frame)));
  }

  /** When a frame is first seen, in seconds of the clip. */
  time(frame: number): number {
    if (!this.seconds) return frame / this.fps;
    const at = frame - this.first;
    if (at <= 0) return this.seconds[0] + at / this.fps;
    const last = this.seconds.length - 1;
    if (at > last) return this.seconds[last] + (at - last) / this.fps;
    return this.seconds[at];
  }

  /** The frame that is seen at a time. */
  frame(time: number): number {
    if (!this.seconds) return this.clamp(Math.floor(time * this.fps + 1e-6));
    let low = 0;
    let high = this.seconds.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.seconds[middle] <= time + 1e-6) low = middle; else high = middle - 1;
    }
    return this.first + low;
  }

  get start(): number { return this.time(this.first); }
  get stop(): number { return this.axisStop ?? this.time(this.end); }
}

/** Asks whoever holds the playhead to go to a frame. */
export const seekEvent = (frame: number, play?: [number, number]): CustomEvent =>
  new CustomEvent("ef-seek", { detail: { frame, play }, bubbles: true, composed: true });
