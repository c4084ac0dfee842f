// <ef-findings>: each finding with its frames side by side, the box drawn, severity, and why.
import { LitElement, css, html, nothing, svg } from "lit";
import { base } from "./look";
import {
  type Finding, type Image, type Mask, type Picture, type Report, clock, frameRange, jnd, phrase, number, seekEvent,
  severityStep, severityWord, words,
} from "./model";

const FEW = 40;
const ROLES: Record<string, string> = {
  before: "before", first: "first", previous: "one before", peak: "worst", next: "one after", last: "last", after: "after",
};

/**
 * Properties: `report`, `pictures` (a list for each finding), `images` (by frame), `kinds` (kind to its meaning),
 * `chosen` (a finding's place). Events: `ef-choose` with a place and a frame, `ef-seek` with a
 * range to play.
 */
export class EfFindings extends LitElement {
  static properties = {
    report: { attribute: false }, pictures: { attribute: false }, images: { attribute: false }, kinds: { attribute: false },
    chosen: { type: Number }, order: { state: true }, all: { state: true }, playable: { type: Boolean },
  };
  declare report: Report;
  declare pictures: Picture[][];
  declare images: Record<string, Image>;
  declare kinds: Record<string, { meaning: string; dimension: string }>;
  declare chosen: number;
  declare order: "time" | "severity";
  declare all: boolean;
  declare playable: boolean;

  constructor() {
    super();
    this.pictures = [];
    this.images = {};
    this.kinds = {};
    this.chosen = -1;
    this.order = "time";
    this.all = false;
    this.playable = true;
  }

  private readonly onPaper = (): void => { this.all = true; };
  connectedCallback(): void { super.connectedCallback(); addEventListener("beforeprint", this.onPaper); }
  disconnectedCallback(): void { super.disconnectedCallback(); removeEventListener("beforeprint", this.onPaper); }

  static styles = [base, css`
    .top { display: flex; gap: 8px; align-items: center; margin: 0 0 10px; flex-wrap: wrap; }
    .top .faint { margin-right: auto; }
    ol { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; }
    li { background: var(--ef-panel); border: 1px solid var(--ef-line); border-radius: 10px; padding: 14px 16px;
         scroll-margin: 16px; content-visibility: auto; contain-intrinsic-size: auto 380px; }
    li[aria-current="true"] { border-color: var(--ef-accent); box-shadow: 0 0 0 1px var(--ef-accent); }
    header { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline; }
    h3 { margin: 0; font-size: 16px; font-weight: 650; }
    .when { margin-left: auto; white-space: nowrap; }
    p { margin: 6px 0 0; max-width: 80ch; }
    .frames { display: grid; grid-template-columns: repeat(var(--n, 3), minmax(0, 1fr)); gap: 10px; margin: 12px 0 0; }
    figure { margin: 0; }
    .shot { position: relative; display: block; padding: 0; border: 0; background: #000; width: 100%; border-radius: 6px;
            overflow: hidden; line-height: 0; min-height: 0; }
    button.shot { display: block; }
    img { width: 100%; height: auto; display: block; }
    svg.box { position: absolute; inset: 0; width: 100%; height: 100%; }
    svg.box rect { fill: none; vector-effect: non-scaling-stroke; }
    svg.box .dark { stroke: rgb(0 0 0 / .6); stroke-width: 4.5; }
    svg.box .lit { stroke: #ffd166; stroke-width: 2; }
    .mask { position: absolute; inset: 0; width: 100%; height: 100%; opacity: .45; image-rendering: pixelated; }
    figcaption { font-size: 12.5px; color: var(--ef-faint); margin-top: 4px; font-variant-numeric: tabular-nums; }
    figcaption b { color: var(--ef-ink); font-weight: 600; }
    .why { display: flex; flex-wrap: wrap; gap: 10px 28px; align-items: end; margin-top: 10px; }
    dl { display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 0; font-size: 13.5px; }
    dl > div { max-width: 44ch; }
    dt { color: var(--ef-faint); font-size: 12.5px; }
    dd { margin: 0; }
    .acts { display: flex; gap: 8px; flex-wrap: wrap; margin-left: auto; }
    .none { background: var(--ef-panel); border: 1px solid var(--ef-line); border-radius: 10px; padding: 16px; }
    @media (max-width: 560px) {
      li { padding: 12px; }
      .when { margin-left: 0; width: 100%; }
      .frames { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 8px; }
      figure.peak { grid-column: 1 / -1; order: -1; }
    }
    @media print {
      .top, .acts { display: none; }
      li { break-inside: avoid; content-visibility: visible; padding: 8px 10px; }
      .shot { display: block !important; }
      .frames { grid-template-columns: repeat(var(--n, 3), minmax(0, 1fr)); }
    }
  `];

  /** Brings a finding into view and its heading into focus. */
  async reveal(place: number, focus = false): Promise<void> {
    if (this.ranked().slice(0, FEW).every((i) => i !== place)) this.all = true;
    await this.updateComplete;
    const item = this.renderRoot.querySelector<HTMLElement>(`li[data-place="${place}"]`);
    if (!item) return;
    item.scrollIntoView({ block: "nearest" });
    if (focus) item.focus({ preventScroll: true });
  }

  private ranked(): number[] {
    const places = this.report.findings.map((_, i) => i);
    if (this.order === "severity")
      places.sort((a, b) => this.report.findings[b].severity_jnd - this.report.findings[a].severity_jnd || a - b);
    return places;
  }

  private choose(place: number, frame: number): void {
    this.dispatchEvent(new CustomEvent("ef-choose", { detail: { place, frame, quiet: true }, bubbles: true, composed: true }));
  }

  private play(place: number, finding: Finding): void {
    this.choose(place, finding.start_frame);
    const slack = Math.max(2, Math.round(this.report.clip.fps * 0.3));
    this.dispatchEvent(seekEvent(finding.start_frame, [finding.start_frame - slack, finding.end_frame + slack]));
  }

  private frames(finding: Finding, place: number): unknown {
    const pictures = (this.pictures[place] ?? []).filter((picture) => picture.frame in this.images);
    if (!pictures.length) return nothing;
    const { width, height } = this.report.clip;
    return html`<div class="frames" style="--n:${Math.max(2, pictures.length)}">${pictures.map((picture) => {
      const inside = picture.frame >= finding.start_frame && picture.frame < finding.end_frame;
      const image = this.images[picture.frame];
      const inner = html`
        <img src=${image.src} width=${image.width} height=${image.height} decoding="async"
          alt=${`Frame ${picture.frame}, ${ROLES[picture.role] ?? picture.role} of ${phrase(finding.kind)}`}>
        ${inside && finding.mask && picture.role === "peak" ? html`<img class="mask" alt="" src=${maskPicture(finding.mask)}>` : nothing}
        ${finding.box ? html`<svg class="box" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">${boxLines(finding.box, inside)}</svg>` : nothing}`;
      return html`<figure class=${picture.role}>
        <button class="shot" aria-label=${`Show frame ${picture.frame}`} @click=${() => this.choose(place, picture.frame)}>${inner}</button>
        <figcaption><b>${ROLES[picture.role] ?? picture.role}</b> · frame ${picture.frame}</figcaption></figure>`;
    })}</div>`;
  }

  private item(place: number): unknown {
    const finding = this.report.findings[place];
    const { evidence } = finding;
    const unit = evidence.signal ? this.report.signals[evidence.signal]?.unit ?? "" : "";
    return html`<li data-place=${place} tabindex="-1" aria-current=${this.chosen === place ? "true" : "false"}>
      <header>
        <span class="sev sev${severityStep(finding.severity_jnd)}" title="just-noticeable differences">${jnd(finding.severity_jnd)} JND</span>
        <h3 title=${this.kinds[finding.kind] ? sentence(this.kinds[finding.kind].meaning) : ""}>${words(finding.kind)}</h3>
        <span class="faint">${severityWord(finding.severity_jnd)}</span>
        <span class="when num faint">${clock(finding.start_s)} – ${clock(finding.end_s)} · ${frameRange(finding.start_frame, finding.end_frame)}</span>
      </header>
      <p>${sentence(finding.explanation)}</p>
      ${this.frames(finding, place)}
      <div class="why"><dl>
        ${evidence.signal !== undefined ? html`<div><dt>Evidence</dt><dd class="num">${words(String(evidence.signal))} ${number(evidence.value)}${unit ? ` ${unit}` : ""}, threshold ${number(evidence.threshold)}${unit ? ` ${unit}` : ""}</dd></div>` : nothing}
        ${finding.ruled_out.length ? html`<div><dt>Ruled out</dt><dd>${finding.ruled_out.map((cause) => cause.replace(/_/g, " ")).join(", ")}</dd></div>` : nothing}
        <div><dt>Sure</dt><dd class="num">${Math.round(finding.confidence * 100)} %</dd></div>
        <div><dt>Repair</dt><dd>${finding.repairable ? "from its own pixels" : "needs a generator"}</dd></div>
      </dl>
      <div class="acts">
        ${this.playable ? html`<button @click=${() => this.play(place, finding)} aria-label=${`Play it: ${phrase(finding.kind)} at ${clock(finding.start_s)}, over and over`}>Play it</button>` : nothing}
        <button @click=${() => this.choose(place, finding.peak_frame)} aria-label=${`Show worst frame, ${finding.peak_frame}`}>Show worst frame</button>
      </div></div>
    </li>`;
  }

  protected render(): unknown {
    if (!this.report) return nothing;
    const { findings } = this.report;
    if (!findings.length)
      return html`<div class="none">${this.report.score === null
        ? "Nothing could be assessed in this clip, so nothing could be found."
        : "Nothing was found in what could be judged."}</div>`;
    const places = this.ranked();
    const shown = this.all ? places : places.slice(0, FEW);
    const clear = findings.filter((f) => f.severity_jnd >= 3).length;
    return html`
      <div class="top"><span class="faint">${findings.length} finding${findings.length === 1 ? "" : "s"}, ${clear} clear to any viewer</span>
        <span role="group" aria-label="Order">
        ${(["time", "severity"] as const).map((order) => html`<button aria-pressed=${this.order === order}
          @click=${() => { this.order = order; }}>By ${order}</button> `)}</span></div>
      <ol>${shown.map((place) => this.item(place))}</ol>
      ${shown.length < places.length ? html`<p><button @click=${() => { this.all = true; }}>Show all ${places.length}</button></p>` : nothing}`;
  }
}

export const sentence = (text: string): string =>
  text ? text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".") : "";

const boxLines = (box: number[], inside: boolean): unknown => {
  const [x0, y0, x1, y1] = box;
  const dash = inside ? "none" : "5 4";
  return svg`<rect class="dark" x=${x0} y=${y0} width=${x1 - x0} height=${y1 - y0}></rect>
    <rect class="lit" x=${x0} y=${y0} width=${x1 - x0} height=${y1 - y0} stroke-dasharray=${dash}></rect>`;
};

const masks = new WeakMap<Mask, string>();

const maskPicture = (mask: Mask): string => {
  const known = masks.get(mask);
  if (known) return known;
  const [height, width] = mask.size;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d")!;
  const picture = pen.createImageData(width, height);
  let at = 0;
  mask.counts.forEach((count, run) => {
    if (run % 2) for (let i = at; i < at + count; i++) picture.data.set([255, 209, 102, 255], 4 * i);
    at += count;
  });
  pen.putImageData(picture, 0, 0);
  const made = canvas.toDataURL();
  masks.set(mask, made);
  return made;
};

customElements.define("ef-findings", EfFindings);
