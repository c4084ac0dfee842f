// <ef-player>: a clip with true frame numbers, the finding's box drawn, frame steps and shuttle.
import { LitElement, css, html, nothing } from "lit";
import { Deck } from "./deck";
import { Redraw, base, sharp } from "./look";
import { FrameTable, address } from "./media";
import { type Finding, type Media, type Timeline, clock, words } from "./model";

const RATES = [1, 2, 4, 8];

/**
 * Properties: `media`, `timeline`, `findings`, `chosen` (a finding's place in the list, or -1),
 * `size` (width and height of the clip, the scale of boxes), `missing` (why there is no video).
 * Events: `ef-frame` with the frame that is on the screen. Methods: `seek(frame)`, `play`, `step`.
 */
export class EfPlayer extends LitElement {
  static properties = {
    media: { attribute: false }, timeline: { attribute: false }, findings: { attribute: false },
    chosen: { type: Number }, size: { attribute: false },
    missing: { type: String }, boxes: { type: Boolean }, frame: { state: true },
    playing: { state: true }, rate: { state: true }, failure: { state: true }, far: { state: true },
    loops: { state: true },
  };
  declare media: Media | null;
  declare timeline: Timeline;
  declare findings: Finding[];
  declare chosen: number;
  declare size: [number, number];
  declare missing: string;
  declare boxes: boolean;
  /** The frame on the screen; -1 before the first. */
  declare frame: number;
  declare playing: number;
  declare rate: number;
  declare failure: string;
  declare far: number | null;
  declare loops: boolean;
  deck: Deck | null = null;
  table: FrameTable | null = null;
  private said = "";

  constructor() {
    super();
    this.media = null;
    this.findings = [];
    this.chosen = -1;
    this.size = [0, 0];
    this.missing = "";
    this.boxes = true;
    this.frame = -1;
    this.playing = 0;
    this.rate = 1;
    this.failure = "";
    this.far = null;
    this.loops = false;
    new Redraw(this, () => this.draw());
    this.addEventListener("keydown", this.key);
  }

  static styles = [base, css`
    .stage { position: relative; background: #000; border-radius: 8px; overflow: hidden; line-height: 0;
             display: grid; place-items: center; }
    .fit { position: relative; width: 100%; }
    video { display: block; width: 100%; height: 100%; object-fit: contain; }
    canvas { position: absolute; inset: 0; pointer-events: none; }
    .note { position: absolute; left: 8px; right: 8px; bottom: 8px; line-height: 1.35; font-size: 13px; color: #fff;
            background: rgb(0 0 0 / .75); padding: 6px 10px; border-radius: 6px; }
    .empty { line-height: 1.45; color: #e8e9ea; padding: 48px 24px; text-align: center; max-width: 46ch; }
    .row { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin-top: 8px; }
    .row .num { margin-left: auto; white-space: nowrap; }
    .count { font-weight: 650; }
    input[type=range] { width: 100%; margin: 8px 0 0; accent-color: var(--ef-accent); display: block; height: 18px; }
    button svg { width: 16px; height: 16px; fill: currentColor; display: block; }
    button.icon { padding: 6px 9px; min-width: 36px; display: inline-grid; place-items: center; }
    :host(:fullscreen) { background: #000; padding: 12px; color: #eee; display: grid; align-content: center; }
    @media print { .row, input { display: none; } }
  `];

  protected willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("media")) this.table = this.media ? new FrameTable(this.media) : null;
  }

  protected updated(changed: Map<string, unknown>): void {
    if (changed.has("media")) this.open();
    this.draw();
  }

  connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.open();
  }

  disconnectedCallback(): void {
    super.disconnectedCallback();
    this.deck?.close();
    this.deck = null;
  }

  private open(): void {
    this.deck?.close();
    this.deck = null;
    this.frame = -1;
    this.failure = "";
    const video = this.video;
    if (!this.media || !this.table || !video) return;
    const { table } = this;
    this.deck = new Deck(
      video, table,
      (index) => {
        this.frame = table.frames[index];
        if (this.far !== null && this.playing) this.far = null;
        this.dispatchEvent(new CustomEvent("ef-frame", {
          detail: { frame: this.frame }, bubbles: true, composed: true }));
      },
      () => { this.playing = this.deck?.direction ?? 0; },
    );
    try {
      video.src = address(this.media, this.ownerDocument);
    } catch (error) {
      this.failure = String(error instanceof Error ? error.message : error);
      return;
    }
    void this.deck.seek(0);
  }

  get video(): HTMLVideoElement | null { return this.renderRoot.querySelector("video"); }

  /** Shows a frame of the clip, or the nearest that is stored; resolves with the one shown. */
  async seek(frame: number): Promise<number> {
    if (!this.deck || !this.table) return -1;
    this.deck.pause();
    this.far = this.table.indexOf(frame) === null ? frame : null;
    const index = await this.deck.seek(this.table.nearest(frame));
    return index < 0 ? -1 : this.table.frames[index];
  }

  /** Moves by stored pictures. */
  async step(by: number): Promise<number> {
    if (!this.deck || !this.table) return -1;
    this.deck.pause();
    this.far = null;
    const index = await this.deck.seek(Math.max(0, this.deck.goal) + by);
    return this.table.frames[index];
  }

  /** Plays; with frames `[start, end)` only those, over and over. */
  async play(range?: [number, number]): Promise<void> {
    if (!this.deck || !this.table) return;
    this.far = null;
    this.rate = 1;
    const stretch: [number, number] | null = range
      ? [this.table.nearest(range[0]), this.table.nearest(range[1] - 1) + 1] : null;
    await this.deck.play(1, stretch, stretch !== null || this.loops);
  }

  pause(): void { this.deck?.pause(); }

  toggle(): void { if (this.playing) this.pause(); else void this.play(); }

  /** `J` backwards, `K` stop, `L` forwards; again for faster. */
  shuttle(letter: string): void {
    if (!this.deck) return;
    if (letter === "k") { this.deck.pause(); this.rate = 1; return; }
    const direction = letter === "l" ? 1 : -1;
    const faster = RATES[Math.min(RATES.length - 1, RATES.indexOf(this.rate) + 1)];
    this.rate = this.playing === direction ? faster : 1;
    if (direction > 0) void this.deck.play(this.rate, null, this.loops);
    else void this.deck.reverse(this.rate);
  }

  /** Does what a key says; true if it was one of ours. */
  press(key: string): boolean {
    if (key === ",") void this.step(-1);
    else if (key === ".") void this.step(1);
    else if (["j", "k", "l"].includes(key.toLowerCase())) this.shuttle(key.toLowerCase());
    else if (key === " ") this.toggle();
    else return false;
    return true;
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inner = event.composedPath()[0] as HTMLElement;
    if (event.key === " " && inner.tagName === "BUTTON") return;
    if (this.press(event.key)) event.preventDefault();
  };

  private draw(): void {
    const canvas = this.renderRoot.querySelector("canvas");
    const fit = this.renderRoot.querySelector<HTMLElement>(".fit");
    if (!canvas || !fit) return;
    const width = fit.clientWidth;
    const height = fit.clientHeight;
    const pen = sharp(canvas, width, height);
    const [w, h] = this.size;
    if (!this.boxes || !w || !h) return;
    const sx = width / w;
    const sy = height / h;
    this.findings.forEach((finding, i) => {
      if (this.frame < finding.start_frame || this.frame >= finding.end_frame) return;
      const [x0, y0, x1, y1] = finding.box ?? [0, 0, w, h];
      const chosen = i === this.chosen;
      if (!finding.box && !chosen) return;
      const inset = finding.box ? 0 : 2;
      pen.lineWidth = chosen ? 4 : 2.5;
      pen.strokeStyle = "rgb(0 0 0 / .6)";
      const rect: [number, number, number, number] = [
        x0 * sx + inset, y0 * sy + inset, (x1 - x0) * sx - 2 * inset, (y1 - y0) * sy - 2 * inset];
      pen.strokeRect(...rect);
      pen.lineWidth = chosen ? 2 : 1;
      pen.strokeStyle = chosen ? "#ffd166" : "#ffffff";
      pen.strokeRect(...rect);
      if (chosen) {
        const label = words(finding.kind);
        pen.font = "600 12px system-ui, sans-serif";
        const wide = pen.measureText(label).width + 10;
        const x = Math.min(Math.max(0, rect[0]), width - wide);
        const y = rect[1] >= 19 ? rect[1] - 19 : rect[1];
        pen.fillStyle = "#ffd166";
        pen.fillRect(x, y, wide, 18);
        pen.fillStyle = "#1c1f24";
        pen.fillText(label, x + 5, y + 13);
      }
    });
  }

  private failed = (): void => {
    const code = this.video?.error?.code;
    if (code === undefined) return;
    this.failure = code === 4
      ? "This browser cannot show this video: it has no decoder for it. The findings and curves below are complete."
      : "The video could not be decoded. The findings and curves below are complete.";
  };

  protected render(): unknown {
    if (!this.media || this.failure)
      return html`<div class="stage"><div class="empty" role="status">${this.failure || this.missing || "There is no video in this file."}</div></div>`;
    const { table, timeline } = this;
    const index = table && this.frame >= 0 ? table.nearest(this.frame) : 0;
    const time = timeline && this.frame >= 0 ? timeline.time(this.frame) : 0;
    const total = timeline ? timeline.last : 0;
    const moving = this.playing !== 0;
    // A screen reader hears the frame when the picture stands, not thirty times a second.
    if (!moving && this.frame >= 0) this.said = `frame ${this.frame}, ${clock(time)}`;
    return html`
      <div class="stage">
        <div class="fit" style="aspect-ratio:${this.media.width}/${this.media.height};max-width:calc(var(--ef-stage-height, 66vh)*${(this.media.width / this.media.height).toFixed(5)})">
          <video muted playsinline preload="auto" disablepictureinpicture tabindex="-1"
            aria-label="The clip" @error=${this.failed} @click=${this.toggle}></video>
          <canvas aria-hidden="true"></canvas>
          ${this.far !== null ? html`<div class="note" role="status">Frame ${this.far} is not stored in this file, which holds one second around each finding; the nearest stored one is shown.</div>` : nothing}
        </div>
      </div>
      <input type="range" min="0" max=${Math.max(0, (table?.count ?? 1) - 1)} .value=${String(index)}
        aria-label="Position" aria-valuetext=${`frame ${this.frame}, ${clock(time)}`}
        @input=${(e: Event) => { void this.seek(table!.frames[Number((e.target as HTMLInputElement).value)]); }}>
      <div class="row" role="group" aria-label="Player">
        <button class="icon" @click=${() => this.step(-1)} aria-label="One frame back" title="One frame back ( , )">${icon("M11 3v10L5 8zM3 3h2v10H3z")}</button>
        <button class="icon main" @click=${this.toggle} aria-label=${moving ? "Pause" : "Play"} title="Play or pause ( space )">${moving ? icon("M4 3h3v10H4zM9 3h3v10H9z") : icon("M4 2.5v11L13 8z")}</button>
        <button class="icon" @click=${() => this.step(1)} aria-label="One frame on" title="One frame on ( . )">${icon("M5 3v10l6-5zM11 3h2v10h-2z")}</button>
        <button aria-pressed=${this.loops} @click=${() => { this.loops = !this.loops; }} title="Over and over">Loop</button>
        <button aria-pressed=${this.boxes} @click=${() => { this.boxes = !this.boxes; }} title="Draw where findings are">Boxes</button>
        <span class="num"><span class="count">Frame <span id="frame">${this.frame < 0 ? "–" : this.frame}</span></span><span class="faint"> of ${total} · ${clock(time)}${moving && (this.rate !== 1 || this.playing < 0) ? ` · ${this.playing < 0 ? "−" : ""}${this.rate}×` : ""}</span></span>
      </div>
      <div class="hidden-text" aria-live="polite">${this.said}</div>`;
  }
}

export const icon = (path: string): unknown =>
  html`<svg viewBox="0 0 16 16" aria-hidden="true"><path d=${path}></path></svg>`;

customElements.define("ef-player", EfPlayer);
