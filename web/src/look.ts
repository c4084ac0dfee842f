// What all components share in their look; colors are custom properties of the page (page.css).
import { css, type ReactiveController, type ReactiveControllerHost } from "lit";

export const base = css`
  :host { display: block; color: var(--ef-ink); font: inherit; }
  :host([hidden]) { display: none; }
  *, *::before, *::after { box-sizing: border-box; }
  button, select, input { font: inherit; color: inherit; }
  button {
    background: var(--ef-panel); border: 1px solid var(--ef-line); border-radius: 6px;
    padding: 4px 10px; cursor: pointer; line-height: 1.3; min-height: 32px;
  }
  button:hover { border-color: var(--ef-faint); }
  button[aria-pressed="true"] { background: var(--ef-band); border-color: var(--ef-accent); box-shadow: inset 0 0 0 1px var(--ef-accent); }
  button.main { background: var(--ef-accent); color: var(--ef-on-accent); border-color: var(--ef-accent); }
  button:disabled { opacity: .5; cursor: default; }
  :focus-visible { outline: 2px solid var(--ef-accent); outline-offset: 2px; }
  .faint { color: var(--ef-faint); }
  .num { font-variant-numeric: tabular-nums; }
  .hidden-text { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .sev { display: inline-block; min-width: 3.2em; padding: 1px 7px; border-radius: 4px; text-align: center;
         font-weight: 650; font-variant-numeric: tabular-nums; }
  .sev1 { background: var(--ef-sev1); color: var(--ef-on-sev1); }
  .sev2 { background: var(--ef-sev2); color: var(--ef-on-sev2); }
  .sev3 { background: var(--ef-sev3); color: var(--ef-on-sev3); }
  .sev4 { background: var(--ef-sev4); color: var(--ef-on-sev4); }
  .sev5 { background: var(--ef-sev5); color: var(--ef-on-sev5); }
  @media print { button, .screen { display: none; } }
`;

/** A color of the page by its name, as canvases need it. */
export const color = (host: Element, name: string, fallback = "#888"): string =>
  getComputedStyle(host).getPropertyValue(`--ef-${name}`).trim() || fallback;

let onPaper = false;
addEventListener("beforeprint", () => { onPaper = true; }, { capture: true });
addEventListener("afterprint", () => { onPaper = false; }, { capture: true });

/** True while the page is printed, or shown as print. */
export const printing = (): boolean => onPaper || matchMedia("print").matches;

/**
 * How wide something may be drawn: what there is on a screen; on paper, whose layout nobody is told
 * before it is printed, a share of what A4 and Letter have.
 */
export const room = (width: number, share = 1): number => Math.floor(onPaper ? Math.min(width, 690 * share) : width);

/** Draws again when the theme changes, the size changes, or the page is about to be printed. */
export class Redraw implements ReactiveController {
  private sizes?: ResizeObserver;
  private marks?: MutationObserver;
  private readonly media = matchMedia("(prefers-color-scheme: dark)");
  private readonly print = matchMedia("print");

  constructor(private readonly host: ReactiveControllerHost & Element, private readonly draw: () => void) {
    host.addController(this);
  }

  private readonly again = (): void => { this.draw(); };

  hostConnected(): void {
    this.sizes = new ResizeObserver(() => requestAnimationFrame(this.again));
    this.sizes.observe(this.host);
    this.marks = new MutationObserver(this.again);
    this.marks.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.media.addEventListener("change", this.again);
    this.print.addEventListener("change", this.again);
    addEventListener("beforeprint", this.again);
    addEventListener("afterprint", this.again);
  }

  hostDisconnected(): void {
    this.sizes?.disconnect();
    this.marks?.disconnect();
    this.media.removeEventListener("change", this.again);
    this.print.removeEventListener("change", this.again);
    removeEventListener("beforeprint", this.again);
    removeEventListener("afterprint", this.again);
  }
}

/** Makes a canvas as sharp as the screen; returns its context, scaled to CSS pixels. */
export const sharp = (canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D => {
  const ratio = Math.max(1, devicePixelRatio || 1);
  const w = Math.max(1, Math.round(width * ratio));
  const h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
};
