/** The page's few icons, drawn with the text's own colour. */
import { html } from "htm/preact";
import type { Tone } from "./types.ts";

const paths = {
  hash: "M6.5 2.5 5 13.5M11 2.5 9.5 13.5M3 6h10.5M2.5 10H13",
  lock: "M4.5 7.5V5.5a3.5 3.5 0 0 1 7 0v2M3.5 7.5h9v6h-9z",
  waiting: "M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z",
  services: "M2.5 3.5h11v4h-11zM2.5 9.5h11v4h-11zM5 5.5h.01M5 11.5h.01",
  runs: "M3 4h10M3 8h10M3 12h6",
  close: "m4 4 8 8M12 4l-8 8",
  back: "M10 3 5 8l5 5",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  send: "M8 13V3.5M3.5 8 8 3.5 12.5 8",
  down: "M8 3v9.5M3.5 8 8 12.5 12.5 8",
  open: "M6 3.5H3.5v9h9V10M9 3h4v4M13 3 7.5 8.5",
  good: "m3.5 8.5 3 3 6-7",
  bad: "m4.5 4.5 7 7M11.5 4.5l-7 7",
  calm: "M4 8h8",
  busy: "M8 2.5a5.5 5.5 0 1 1-5.5 5.5",
} as const;

export function Icon({ name }: { name: keyof typeof paths | Tone }) {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${paths[name]} /></svg>`;
}

/** The icon as a plain element, for places that Preact does not draw. */
export function iconElement(name: Tone): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", `icon ${name === "busy" ? "turning" : ""}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}

/** A state as people see it: tone by the word that a run's state is. */
export function toneOf(state: string): Tone {
  if (state === "succeeded") return "good";
  if (["taken back", "refused", "abandoned", "stuck", "rejected"].includes(state)) return "bad";
  if (["waiting", "parked"].includes(state)) return "waiting";
  if (["planning", "queued", "running"].includes(state)) return "busy";
  return "calm";
}

export function StateBadge({ state }: { state: string }) {
  const tone = toneOf(state);
  const word = state.charAt(0).toUpperCase() + state.slice(1);
  return html`<span class="badge ${tone}"><${Icon} name=${tone} />${word}</span>`;
}
