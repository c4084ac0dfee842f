// <ef-compare>: two clips or more in step: side by side, wipe, blink, difference with gain.
import { LitElement, css, html, nothing } from "lit";
import { Deck } from "./deck";
import { Redraw, base } from "./look";
import { FrameTable, address } from "./media";
import { type Media, type Timeline, clock } from "./model";
import { icon } from "./player";

export interface Track { name: string; media: Media | null; timeline: Timeline; missing?: string }
export type Mode = "side" | "wipe" | "blink" | "difference";

const MODES: [Mode, string][] = [["side", "Side by side"], ["wipe", "Wipe"], ["blink", "Blink"], ["difference", "Difference"]];
const GAINS = [1, 2, 4, 8, 16, 32];
export const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** More clips than these do not fit beside each other: then it is the pair. */
const ABREAST = 3;

/**
 * Properties: `tracks` (two or more), `mode`, `pair` (the two that are compared), `wipe` (0 to 1),
 * `gain`, `front` (which of the pair blink shows). The first track leads; the others show what
 * is seen at the same time. Event: `ef-frame` with a frame and the track that shows it.
 */
export class EfCompare extends LitElement {
  static properties = {
    tracks: { attribute: false }, mode: { type: String }, pair: { attribute: false }, wipe: { type: Number },
    gain: { type: Number }, front: { type: Number }, frames: { state: true }, playing: { state: true },
    spread: { state: true }, blinking: { state: true }, failure: { state: true },
  };
  declare tracks: Track[];
  declare mode: Mode;
  declare pair: [number, number];
  declare wipe: number;
  declare gain: number;
  declare front: number;
  /** The frame on the screen of every track. */
  declare frames: number[];
  declare playing: boolean;
  /** Mean difference of the pair in gray levels, where the mode is difference. */
  declare spread: number | null;
  declare blinking: boolean;
  declare failure: string;
  private decks: (Deck | null)[] = [];
  private tables: (FrameTable | null)[] = [];
  private timer = 0;
  private said = "";

  constructor() {
    super();
    this.tracks = [];
    this.mode = "side";
    this.pair = [0, 1];
    this.wipe = 0.5;
    this.gain = 4;
    this.front = 0;
    this.frames = [];
    this.playing = false;
    this.spread = null;
    this.blinking = false;
    this.failure = "";
    new Redraw(this, () => this.paint());
  }

  static styles = [base, css`
    .stage { display: grid; gap: 8px; }
    .stage.side { grid-template-columns: repeat(var(--n), minmax(0, 1fr)); }
    .cell { position: relative; background: #000; border-radius: 8px; overflow: hidden; line-height: 0; min-width: 0; }
    .stack { position: relative; background: #000; border-radius: 8px; overflow: hidden; line-height: 0; margin: 0 auto; width: 100%; }
    video { width: 100%; height: 100%; object-fit: contain; display: block; }
    .stack .cell { position: absolute; inset: 0; border-radius: 0; background: none; }
    .off { visibility: hidden; }
    .stage.side .away { position: absolute; width: 2px; height: 2px; opacity: 0; }
    .name { position: absolute; top: 8px; left: 8px; line-height: 1.3; font-size: 12.5px; font-weight: 600; color: #fff; background: rgb(0 0 0 / .7); padding: 2px 8px; border-radius: 4px; max-width: calc(100% - 16px); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .name.right { left: auto; right: 8px; }
    .name small { font-weight: 400; }
    .handle { position: absolute; top: 0; bottom: 0; width: 2px; margin-left: -1px; background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / .5); pointer-events: none; }
    .handle::after { content: ""; position: absolute; top: 50%; left: 50%; width: 26px; height: 26px; margin: -13px; border-radius: 50%; background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / .5); }
    canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
    .row { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin-top: 8px; }
    .row .num { margin-left: auto; white-space: nowrap; }
    .count { font-weight: 650; }
    input[type=range] { accent-color: var(--ef-accent); height: 18px; vertical-align: middle; }
    .pos { width: 100%; margin: 8px 0 0; display: block; }
    button svg { width: 16px; height: 16px; fill: currentColor; display: block; }
    button.icon { padding: 6px 9px; min-width: 36px; display: inline-grid; place-items: center; }
    .empty { line-height: 1.4; color: #e8e9ea; padding: 40px 16px; text-align: center; }
    @media (max-width: 560px) { .stage.side { grid-template-columns: minmax(0, 1fr); } .stage.side .cell { max-width: 100%; } }
    @media print { .row, .pos { display: none; } }
  `];

  protected willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("tracks")) this.tables = this.tracks.map((track) => (track.media ? new FrameTable(track.media) : null));
  }

  protected updated(changed: Map<string, unknown>): void {
    if (changed.has("tracks")) this.open();
    this.paint();
  }

  disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
    for (const deck of this.decks) deck?.close();
    this.decks = [];
  }

  private open(): void {
    for (const deck of this.decks) deck?.close();
    this.frames = this.tracks.map(() => -1);
    const videos = [...this.renderRoot.querySelectorAll("video")];
    this.decks = this.tracks.map((track, i) => {
      const table = this.tables[i];
      const video = videos.find((one) => one.dataset.track === String(i));
      if (!track.media || !table || !video) return null;
      const deck = new Deck(video, table, (index) => this.shown(i, table.frames[index]), () => this.state());
      // A picture may be announced before it can be drawn: then it is drawn when the seek is over.
      video.onseeked = video.onloadeddata = () => this.paint();
      try { video.src = address(track.media, this.ownerDocument); } catch (error) { this.failure = String(error); }
      void deck.seek(0);
      return deck;
    });
  }

  private get lead(): number { return this.decks.findIndex((deck) => deck !== null); }

  private shown(i: number, frame: number): void {
    this.frames = this.frames.map((old, k) => (k === i ? frame : old));
    if (this.playing) this.keepStep(i);
    this.dispatchEvent(new CustomEvent("ef-frame", { detail: { frame, track: i }, bubbles: true, composed: true }));
    this.paint();
  }

  private state(): void {
    const deck = this.decks[this.lead];
    const was = this.playing;
    this.playing = (deck?.direction ?? 0) !== 0;
    if (was && !this.playing) {
      this.decks.forEach((other, i) => { if (i !== this.lead) other?.pause(); });
      if (deck && deck.shown >= 0) void this.seek(this.tables[this.lead]!.frames[deck.shown]);
    }
  }

  /** The frame of track `i` that is seen with a frame of the leading one. */
  partner(i: number, frame: number): number {
    if (i === this.lead) return frame;
    return this.tracks[i].timeline.frame(this.tracks[this.lead].timeline.time(frame));
  }

  /** While playing, those that follow run a little faster or slower until they are in step. */
  private keepStep(i: number): void {
    const lead = this.lead;
    if (i !== lead) return;
    this.decks.forEach((deck, k) => {
      if (!deck || k === lead || deck.shown < 0) return;
      const table = this.tables[k]!;
      const goal = table.nearest(this.partner(k, this.frames[lead]));
      const late = table.starts[goal] - deck.video.currentTime;
      if (Math.abs(late) > 0.5 && !deck.video.seeking) deck.video.currentTime = table.middle(goal);
      else deck.video.playbackRate = Math.min(1.5, Math.max(0.5, 1 + 2 * late));
    });
  }

  /** Shows a frame of the first track and what goes with it; resolves with the frames shown. */
  async seek(frame: number): Promise<number[]> {
    const { lead } = this;
    if (lead < 0) return [];
    for (const deck of this.decks) if (deck && deck.direction) { deck.direction = 0; deck.video.pause(); }
    this.playing = false;
    await Promise.all(this.decks.map((deck, i) => deck?.seek(this.tables[i]!.nearest(this.partner(i, frame)))));
    this.paint();
    return this.frames;
  }

  async step(by: number): Promise<number[]> {
    const deck = this.decks[this.lead];
    const table = this.tables[this.lead];
    if (!deck || !table) return [];
    return this.seek(table.frames[Math.min(table.count - 1, Math.max(0, deck.goal + by))]);
  }

  async toggle(): Promise<void> {
    const deck = this.decks[this.lead];
    if (!deck) return;
    if (this.playing) { deck.pause(); return; }
    if (deck.shown >= deck.table.count - 1) await this.seek(this.tables[this.lead]!.frames[0]);
    this.playing = true;
    await Promise.all(this.decks.map((one) => one?.play(1)));
    this.state();
  }

  /** Shows the other one of the pair, as a blink does. */
  blink(): void {
    this.mode = "blink";
    this.front = 1 - this.front;
  }

  private autoBlink(): void {
    clearInterval(this.timer);
    this.blinking = !this.blinking;
    if (this.blinking) this.timer = window.setInterval(() => this.blink(), 500);
  }

  /** Does what a key says; true if it was one of ours. */
  press(key: string): boolean {
    const letter = key.toLowerCase();
    if (key === ",") void this.step(-1);
    else if (key === ".") void this.step(1);
    else if (key === " ") void this.toggle();
    else if (letter === "k") this.decks[this.lead]?.pause();
    else if (letter === "l") { if (!this.playing) void this.toggle(); }
    else if (letter === "j") void this.step(-Math.max(1, Math.round(this.tracks[this.lead]?.timeline.fps ?? 1)));
    else if (letter === "x") this.blink();
    else if (letter === "d") this.mode = "difference";
    else if (letter === "w") this.mode = "wipe";
    else if (letter === "s") this.mode = "side";
    else if (letter === "c" && this.tracks.length > 2) this.turnPair();
    else return false;
    return true;
  }

  /** The next two of all. */
  private turnPair(): void {
    const [a, b] = this.pair;
    const last = this.tracks.length - 1;
    this.pair = b < last ? [a, b + 1] : a + 1 < last ? [a + 1, a + 2] : [0, 1];
  }

  private choice(lane: 0 | 1): unknown {
    return html`<select aria-label=${lane ? "Second clip" : "First clip"} @change=${(e: Event) => {
      const chosen = Number((e.target as HTMLSelectElement).value);
      const other = this.pair[1 - lane];
      const turned = chosen === other ? this.pair[lane] : other;
      this.pair = lane ? [turned, chosen] : [chosen, turned];
    }}>${this.tracks.map((track, i) => html`<option value=${i} ?selected=${this.pair[lane] === i}>${LETTERS[i]} ${track.name}</option>`)}</select>`;
  }

  private readonly drag = (event: PointerEvent): void => {
    if (this.mode !== "wipe" || (event.type === "pointermove" && !event.buttons)) return;
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    this.wipe = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    if (event.type === "pointerdown") (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    event.preventDefault();
  };

  /** Draws the difference of the pair, times the gain; black is equal. */
  private paint(): void {
    if (this.mode !== "difference") return;
    const canvas = this.renderRoot.querySelector("canvas");
    const videos = this.pair.map((i) => this.renderRoot.querySelector<HTMLVideoElement>(`video[data-track="${i}"]`));
    const media = this.tracks[this.pair[0]]?.media;
    if (!canvas || !media || videos.some((video) => !video || video.readyState < 2)) return;
    if (canvas.width !== media.width) canvas.width = media.width;
    if (canvas.height !== media.height) canvas.height = media.height;
    const pen = canvas.getContext("2d", { willReadFrequently: true })!;
    pen.globalCompositeOperation = "copy";
    pen.drawImage(videos[0]!, 0, 0, media.width, media.height);
    pen.globalCompositeOperation = "difference";
    pen.drawImage(videos[1]!, 0, 0, media.width, media.height);
    const picture = pen.getImageData(0, 0, media.width, media.height);
    const { data } = picture;
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) {
      sum += data[i] + data[i + 1] + data[i + 2];
      data[i] *= this.gain;  // the array clamps
      data[i + 1] *= this.gain;
      data[i + 2] *= this.gain;
      data[i + 3] = 255;
    }
    pen.globalCompositeOperation = "copy";
    pen.putImageData(picture, 0, 0);
    const mean = sum / (data.length / 4) / 3;
    if (mean !== this.spread) queueMicrotask(() => { this.spread = mean; });
  }

  private video(i: number): unknown {
    const track = this.tracks[i];
    return track.media ? html`<video muted playsinline preload="auto" disablepictureinpicture tabindex="-1" data-track=${i} aria-label=${`Clip ${LETTERS[i]}, ${track.name}`}
        @error=${() => { this.failure = "This browser cannot show this video: it has no decoder for it."; }}></video>`
      : html`<div class="empty">${track.missing || "no video"}</div>`;
  }

  private cell(i: number): unknown {
    const track = this.tracks[i];
    const { mode, pair } = this;
    const lane = pair.indexOf(i);
    const side = mode === "side";
    const away = side && lane < 0 && this.tracks.length > ABREAST;
    const off = !side && (lane < 0 || mode === "difference" || (mode === "blink" && lane !== this.front));
    const clip = mode === "wipe" && lane === 0 ? `clip-path:inset(0 ${100 - this.wipe * 100}% 0 0);z-index:1` :
      mode === "wipe" && lane === 1 ? `clip-path:inset(0 0 0 ${this.wipe * 100}%)` : "";
    const ratio = side && track.media ? `aspect-ratio:${track.media.width}/${track.media.height};` : "";
    return html`<div class="cell ${away ? "away" : off && mode !== "difference" ? "off" : ""}" style="${ratio}${clip}${off && mode === "difference" ? "opacity:0" : ""}">
      ${this.video(i)}
      <span class="name ${!side && lane === 1 && mode === "wipe" ? "right" : ""}">${LETTERS[i]} <small>${track.name}</small></span></div>`;
  }

  protected render(): unknown {
    if (!this.tracks.length) return nothing;
    const { mode, pair } = this;
    const lead = Math.max(0, this.lead);
    const track = this.tracks[lead];
    const table = this.tables[lead];
    const frame = this.frames[lead] ?? -1;
    const media = this.tracks[pair[0]].media ?? track.media;
    const shape = media ? `aspect-ratio:${media.width}/${media.height};max-width:calc(var(--ef-stage-height, 72vh)*${(media.width / media.height).toFixed(5)})` : "";
    const time = frame >= 0 ? track.timeline.time(frame) : 0;
    if (!this.playing && frame >= 0) this.said = `frame ${frame}, ${clock(time)}`;
    return html`
      <div class="row" role="group" aria-label="How to compare" style="margin:0 0 8px">
        ${MODES.map(([name, label]) => html`<button aria-pressed=${mode === name} @click=${() => { this.mode = name; }}>${label}</button>`)}
        ${this.tracks.length > 2 && (mode !== "side" || this.tracks.length > ABREAST) ? html`${this.choice(0)} ${this.choice(1)}` : nothing}
        ${mode === "wipe" ? html`<label>Wipe <input type="range" id="wipe" min="0" max="1000" .value=${String(Math.round(this.wipe * 1000))}
          @input=${(e: Event) => { this.wipe = Number((e.target as HTMLInputElement).value) / 1000; }}></label>` : nothing}
        ${mode === "blink" ? html`<button @click=${() => this.blink()} title="The other one ( X )">Show ${LETTERS[pair[1 - this.front]]}</button>
          <button aria-pressed=${this.blinking} @click=${() => this.autoBlink()}>Twice a second</button>` : nothing}
        ${mode === "difference" ? html`<label>Gain <select @change=${(e: Event) => { this.gain = Number((e.target as HTMLSelectElement).value); }}>
          ${GAINS.map((gain) => html`<option value=${gain} ?selected=${gain === this.gain}>${gain}×</option>`)}</select></label>
          <span class="faint num" title="Of the small copies in this page: their compression counts too">mean ${this.spread === null ? "–" : this.spread.toFixed(2)} gray levels</span>` : nothing}
      </div>
      ${this.failure ? html`<p role="alert">${this.failure}</p>` : nothing}
      <div class=${mode === "side" ? "stage side" : "stack"} style=${mode === "side" ? `--n:${Math.min(this.tracks.length, this.tracks.length > ABREAST ? 2 : ABREAST)}` : `${shape};touch-action:pan-y`}
        @pointerdown=${this.drag} @pointermove=${this.drag}>
        ${this.tracks.map((_, i) => this.cell(i))}
        ${mode === "difference" ? html`<canvas role="img" aria-label="Difference"></canvas>` : nothing}
        ${mode === "wipe" ? html`<div class="handle" style="left:${this.wipe * 100}%;z-index:2"></div>` : nothing}
      </div>
      <input class="pos" type="range" min="0" max=${Math.max(0, (table?.count ?? 1) - 1)} .value=${String(table && frame >= 0 ? table.nearest(frame) : 0)}
        aria-label="Position" aria-valuetext=${`frame ${frame}, ${clock(time)}`}
        @input=${(e: Event) => { void this.seek(table!.frames[Number((e.target as HTMLInputElement).value)]); }}>
      <div class="row" role="group" aria-label="Player">
        <button class="icon" @click=${() => this.step(-1)} aria-label="One frame back" title="One frame back ( , )">${icon("M11 3v10L5 8zM3 3h2v10H3z")}</button>
        <button class="icon main" @click=${() => this.toggle()} aria-label=${this.playing ? "Pause" : "Play"}>${this.playing ? icon("M4 3h3v10H4zM9 3h3v10H9z") : icon("M4 2.5v11L13 8z")}</button>
        <button class="icon" @click=${() => this.step(1)} aria-label="One frame on" title="One frame on ( . )">${icon("M5 3v10l6-5zM11 3h2v10h-2z")}</button>
        <span class="num">${this.tracks.map((_, i) => (this.tracks.length > ABREAST && !pair.includes(i)) ? nothing : html`${LETTERS[i]} <span class="count">${this.frames[i] >= 0 ? this.frames[i] : "–"}</span>&ensp;`)}<span class="faint">${clock(time)}</span></span>
      </div>
      <div class="hidden-text" aria-live="polite">${this.said}</div>`;
  }
}

customElements.define("ef-compare", EfCompare);
