// <ef-votes>: which of two clips is better, without knowing whose they are; votes go to a file.
import { LitElement, css, html, nothing } from "lit";
import { Deck } from "./deck";
import { base } from "./look";
import { FrameTable, address } from "./media";
import type { Media } from "./model";
import { help, isOurs, shell, showHelp, toggleTheme } from "./shell";

export interface VotesData {
  schema: string;
  version: string;
  title: string;
  question: string;
  id: string;                                   // of this set of pairs; where a vote is kept
  clips: { name: string; media: Media }[];
  pairs: { clips: [number, number]; prompt: string | null }[];
}

type Winner = "left" | "right" | "tie";
interface Vote { pair: number; left: string; right: string; winner: Winner; prompt: string | null; seconds: number }
interface Place { pair: number; flipped: boolean }

const KEYS: [string[], string][] = [
  [["←", "1"], "left is better"], [["→", "2"], "right is better"], [["↓", "0"], "about the same"],
  [["Space"], "play or pause both"], [[",", "."], "one frame back, one frame on"], [["U"], "undo the last vote"], [["?"], "this help"],
];

/** Property: `data`. Pairs come in random order and on random sides. `result()` is what is saved. */
export class EfVotes extends LitElement {
  static properties = {
    data: { attribute: false }, at: { state: true }, playing: { state: true }, voter: { state: true }, ready: { state: true },
  };
  declare data: VotesData;
  declare at: number;
  declare playing: boolean;
  declare voter: string;
  declare ready: boolean;
  /** Where chance comes from. */
  random: () => number = Math.random;
  order: Place[] = [];
  votes: Vote[] = [];
  private decks: Deck[] = [];
  private begun = 0;
  private opened = -1;

  constructor() {
    super();
    this.at = 0;
    this.playing = false;
    this.voter = "";
    this.ready = false;
  }

  static styles = [base, shell, css`
    .stage { display: grid; grid-template-columns: 1fr 1fr; gap: 10px; }
    .cell { background: #000; border-radius: 8px; overflow: hidden; line-height: 0; display: grid; place-items: center; }
    video { width: 100%; height: 100%; max-height: 66vh; object-fit: contain; }
    .ask { font-size: 18px; font-weight: 650; margin: 0 0 4px; }
    .prompt { margin: 0 0 12px; color: var(--ef-faint); max-width: 80ch; }
    .choices { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 10px; margin-top: 12px; }
    .choices button { min-height: 52px; font-weight: 600; }
    .row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin-top: 14px; }
    progress { accent-color: var(--ef-accent); width: 160px; }
    label input { border: 1px solid var(--ef-line); border-radius: 6px; background: var(--ef-panel); padding: 5px 8px; min-height: 32px; }
    @media (max-width: 560px) { .choices { grid-template-columns: 1fr 1fr; } .choices .tie { grid-column: 1 / -1; grid-row: 2; } .ask { font-size: 16px; } }
  `];

  connectedCallback(): void { super.connectedCallback(); document.addEventListener("keydown", this.key); }

  disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.key);
    for (const deck of this.decks) deck.close();
  }

  protected willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("data") || !this.data || this.order.length) return;
    if (this.recall()) return;
    this.order = this.data.pairs.map((_, pair) => ({ pair, flipped: this.random() < 0.5 }));
    for (let i = this.order.length - 1; i > 0; i--) {  // Fisher and Yates
      const j = Math.floor(this.random() * (i + 1));
      [this.order[i], this.order[j]] = [this.order[j], this.order[i]];
    }
  }

  protected updated(): void {
    if (this.data && this.at < this.order.length && this.opened !== this.at) void this.open();
  }

  private recall(): boolean {
    try {
      const kept = JSON.parse(localStorage.getItem(`evenflow-votes-${this.data.id}`) ?? "null");
      if (!kept || kept.order.length !== this.data.pairs.length || kept.votes.length >= kept.order.length) return false;
      this.order = kept.order;
      this.votes = kept.votes;
      this.at = this.votes.length;
      return true;
    } catch { return false; }
  }

  private keep(): void {
    try { localStorage.setItem(`evenflow-votes-${this.data.id}`, JSON.stringify({ order: this.order, votes: this.votes })); }
    catch { /* a page without storage: the votes stay in memory until they are saved */ }
  }

  private sides(): [number, number] {
    const { pair, flipped } = this.order[this.at];
    const [a, b] = this.data.pairs[pair].clips;
    return flipped ? [b, a] : [a, b];
  }

  private async open(): Promise<void> {
    this.opened = this.at;
    this.ready = false;
    for (const deck of this.decks) deck.close();
    const videos = [...this.renderRoot.querySelectorAll("video")];
    const sides = this.sides();
    this.decks = videos.map((video, i) => {
      const { media } = this.data.clips[sides[i]];
      const deck = new Deck(video, new FrameTable(media), () => {}, () => this.state());
      video.src = address(media, this.ownerDocument);
      return deck;
    });
    const { decks } = this;
    await Promise.all(decks.map((deck) => deck.seek(0)));
    if (decks !== this.decks) return;
    this.ready = true;
    this.begun = performance.now();
    await this.play();
  }

  private state(): void { this.playing = this.decks.some((deck) => deck.direction !== 0); }

  private async play(): Promise<void> { await Promise.all(this.decks.map((deck) => deck.play(1, null, true))); this.state(); }

  private toggle(): void {
    if (this.playing) for (const deck of this.decks) deck.pause(); else void this.play();
  }

  private async step(by: number): Promise<void> {
    const from = Math.max(0, this.decks[0]?.shown ?? 0);
    for (const deck of this.decks) deck.pause();
    await Promise.all(this.decks.map((deck) => deck.seek(from + by)));
  }

  /** Takes a vote on the pair that is shown, and goes on. */
  vote(winner: Winner): void {
    if (this.at >= this.order.length) return;
    const [left, right] = this.sides();
    const { pair } = this.order[this.at];
    this.votes.push({
      pair, left: this.data.clips[left].name, right: this.data.clips[right].name, winner,
      prompt: this.data.pairs[pair].prompt,
      seconds: Math.round((performance.now() - this.begun) / 100) / 10,
    });
    this.at = this.votes.length;
    this.keep();
    if (this.at >= this.order.length) for (const deck of this.decks) deck.close();
  }

  private undo(): void {
    if (!this.votes.length) return;
    this.votes.pop();
    this.opened = -1;
    this.at = this.votes.length;
    this.keep();
  }

  /** The file: schema `evenflow.votes/1`. */
  result(): unknown {
    return {
      schema: "evenflow.votes/1", version: this.data.version, title: this.data.title, question: this.data.question,
      voter: this.voter || null, votes: this.votes,
    };
  }

  private save(): void {
    const text = JSON.stringify(this.result(), null, 1);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const voter = this.voter.replace(/[^\p{L}\p{N}_-]+/gu, "_").slice(0, 40);
    link.download = voter ? `votes_${voter}.json` : "votes.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (!isOurs(event) || this.renderRoot.querySelector("dialog")?.open) return;
    const { key } = event;
    if (key === "ArrowLeft" || key === "1") this.vote("left");
    else if (key === "ArrowRight" || key === "2") this.vote("right");
    else if (key === "ArrowDown" || key === "0") this.vote("tie");
    else if (key === " ") this.toggle();
    else if (key === ",") void this.step(-1);
    else if (key === ".") void this.step(1);
    else if (key.toLowerCase() === "u") this.undo();
    else if (key === "?") showHelp(this.renderRoot);
    else return;
    event.preventDefault();
  };

  private pairing(): unknown {
    const prompt = this.data.pairs[this.order[this.at].pair].prompt;
    return html`<p class="ask" id="ask">${this.data.question}</p>
      ${prompt ? html`<p class="prompt">Prompt: “${prompt}”</p>` : nothing}
      <div class="stage" aria-busy=${!this.ready}>${["Left", "Right"].map((side) => html`<div class="cell"><video muted playsinline preload="auto" disablepictureinpicture tabindex="-1" aria-label=${`${side} clip`}></video></div>`)}</div>
      <div class="choices" role="group" aria-labelledby="ask">
        <button @click=${() => this.vote("left")}>← Left is better</button>
        <button class="tie" @click=${() => this.vote("tie")}>About the same</button>
        <button @click=${() => this.vote("right")}>Right is better →</button>
      </div>
      <div class="row"><button @click=${() => this.toggle()}>${this.playing ? "Pause" : "Play"} both</button>
        <button @click=${() => this.undo()} ?disabled=${!this.votes.length}>Undo</button>
        <label class="faint" style="margin-left:auto"><progress max=${this.order.length} value=${this.at} aria-label="Pairs done"></progress></label>
        <span class="num faint" aria-live="polite">pair ${this.at + 1} of ${this.order.length}</span></div>`;
  }

  private done(): unknown {
    return html`<section class="card"><p class="ask">Done: ${this.votes.length} vote${this.votes.length === 1 ? "" : "s"}.</p>
      <p class="prompt">Save them and send the file to whoever asked you; <code>evenflow compare --votes votes.json</code> ranks the clips.</p>
      <div class="row"><label>Your name, if you like <input .value=${this.voter} maxlength="60" autocomplete="off" @input=${(e: Event) => { this.voter = (e.target as HTMLInputElement).value; }}></label>
        <button class="main" @click=${() => this.save()}>Save votes.json</button>
        <button @click=${() => this.undo()}>Undo the last</button></div></section>`;
  }

  protected render(): unknown {
    if (!this.data || !this.order.length) return nothing;
    return html`<header class="bar"><h1>${this.data.title}</h1>
        <span class="acts"><button @click=${toggleTheme} aria-label="Light or dark theme" title="Light or dark">◐</button>
        <button @click=${() => showHelp(this.renderRoot)} aria-label="Keys" title="Keys ( ? )">?</button></span></header>
      <main>${this.at < this.order.length ? this.pairing() : this.done()}
      ${this.votes.length && this.at < this.order.length ? html`<p><button @click=${() => this.save()}>Save what is there</button></p>` : nothing}</main>
      ${help(KEYS)}`;
  }
}

customElements.define("ef-votes", EfVotes);
