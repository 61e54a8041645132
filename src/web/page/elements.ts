/** Elements of Teams that Microsoft's renderer lacks: Badge, CodeBlock, Chart.Line and ProgressBar. */
import type * as Cards from "adaptivecards";
import { iconElement } from "./icons.ts";
import type { Tone } from "./types.ts";

type Source = { readonly [property: string]: unknown };

/** Registers them, for every card from now on. */
export function elements(cards: typeof Cards): void {
  const register = (name: string, draw: (source: Source) => HTMLElement): void => {
    class Ours extends cards.CardElement {
      source: Source = {};
      override getJsonTypeName(): string {
        return name;
      }
      protected override internalParse(source: Source, context: Cards.SerializationContext): void {
        super.internalParse(source, context);
        this.source = source;
      }
      protected override internalRender(): HTMLElement {
        return draw(this.source);
      }
    }
    cards.GlobalRegistry.elements.register(name, Ours, cards.Versions.v1_5);
  };
  register("Badge", badge);
  register("CodeBlock", codeBlock);
  register("ProgressBar", progressBar);
  register("Chart.Line", lineChart);
}

const tones: { readonly [style: string]: Tone } = {
  Accent: "busy",
  Warning: "waiting",
  Good: "good",
  Attention: "bad",
};

function badge(source: Source): HTMLElement {
  const tone = tones[text(source["style"])] ?? "calm";
  const element = make("span", `badge ${tone}`);
  element.append(iconElement(tone), text(source["text"]));
  return element;
}

function codeBlock(source: Source): HTMLElement {
  const element = make("pre", "code");
  element.tabIndex = 0;
  const language = text(source["language"]);
  element.dataset["language"] = language;
  element.setAttribute("aria-label", language === "log" ? "Log" : "Text");
  element.setAttribute("role", "region");
  const code = make("code", "");
  code.textContent = text(source["codeSnippet"]);
  element.append(code);
  return element;
}

function progressBar(source: Source): HTMLElement {
  const max = Number(source["max"] ?? 100) || 100;
  const value = Math.min(max, Math.max(0, Number(source["value"] ?? 0)));
  const element = make("div", `progress ${tones[text(source["color"])] ?? "calm"}`);
  element.setAttribute("role", "progressbar");
  element.setAttribute("aria-valuemin", "0");
  element.setAttribute("aria-valuemax", String(max));
  element.setAttribute("aria-valuenow", String(value));
  element.setAttribute("aria-label", "Progress");
  const words = text(source["altText"]);
  if (words !== "") element.setAttribute("aria-valuetext", words);
  const bar = make("div", "done");
  bar.style.width = `${(100 * value) / max}%`;
  element.append(bar);
  return element;
}

const [width, height, edge] = [560, 120, 6];

function lineChart(source: Source): HTMLElement {
  const points = pointsOf(source);
  const element = make("figure", "chart");
  const caption = make("figcaption", "");
  const values = points.map(([, y]) => y);
  const last = values.at(-1) ?? 0;
  caption.textContent = text(source["title"]);
  const now = make("strong", "");
  now.textContent = ` ${number(last)}`;
  caption.append(now);
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  svg.setAttribute("aria-label", text(source["altText"]));
  const [low, high] = [Math.min(0, ...values), Math.max(...values, 1)];
  const xs = points.map(([x]) => x);
  const [first, end] = [Math.min(...xs), Math.max(...xs)];
  const place = ([x, y]: readonly [number, number]): string => {
    const across = end === first ? 0 : (x - first) / (end - first);
    const up = (y - low) / (high - low || 1);
    return `${(edge + across * (width - 2 * edge)).toFixed(1)},${(height - edge - up * (height - 2 * edge)).toFixed(1)}`;
  };
  const path = points.map(place).join(" ");
  const floor = height - edge;
  svg.append(
    svgElement("line", {
      class: "floor",
      x1: `${edge}`,
      x2: `${width - edge}`,
      y1: `${floor}`,
      y2: `${floor}`,
    }),
    svgElement("polygon", {
      class: "area",
      points: `${edge},${floor} ${path} ${width - edge},${floor}`,
    }),
    svgElement("polyline", { class: "line", points: path }),
  );
  const [x = "0", y = "0"] = (
    points.at(-1) === undefined ? "0,0" : place(points.at(-1) ?? [0, 0])
  ).split(",");
  svg.append(svgElement("circle", { class: "last", cx: x, cy: y, r: "4" }));
  element.append(caption, svg);
  return element;
}

function pointsOf(source: Source): readonly (readonly [number, number])[] {
  const [line] = list(source["data"]);
  return list(line?.["values"]).map((point) => [Number(point["x"]), Number(point["y"])] as const);
}

function number(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 2 });
}
function list(value: unknown): readonly Source[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "object" && one !== null) : [];
}
function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
function make(tag: string, className: string): HTMLElement {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  return element;
}
function svgElement(tag: string, attributes: { readonly [name: string]: string }): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
