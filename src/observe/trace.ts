/**
 * Traces for OpenTelemetry. Spans are plain data with ids that follow from what they tell of: whichever process makes
 * one, before or after a restart, it is the same span of the same trace.
 */
import { createHash } from "node:crypto";
import type { HrTime, SpanContext } from "@opentelemetry/api";
import type { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";

/** A stretch of time in a run. */
export interface Span {
  readonly run: string;
  /** Unique in the run; empty for the run as a whole. */
  readonly key: string;
  /** The key of the span that this one is a part of. */
  readonly in?: string;
  readonly name: string;
  /** Milliseconds since 1970 by the database's clock. */
  readonly from: number;
  readonly to: number;
  readonly facts: { readonly [name: string]: string | number | boolean };
  /** Why it did not come to what was asked for. */
  readonly wrong?: string;
  /** A span of another run that belongs to it. */
  readonly see?: { readonly run: string; readonly key: string };
}

export interface Traces {
  /** Resolves once the collector has them; throws where it does not take them. */
  send(spans: readonly Span[]): Promise<void>;
  close(): Promise<void>;
}

export interface TraceParts {
  /** The collector's address, `http://localhost:4318`; further OTEL_EXPORTER_OTLP_* settings are the exporter's own. */
  readonly endpoint: string;
  readonly version: string;
  readonly mask: <T>(value: T) => T;
}

/** The libraries are read only here: nobody pays for them who sends no traces. */
export async function openTraces({ endpoint, version, mask }: TraceParts): Promise<Traces> {
  const [{ OTLPTraceExporter }, { resourceFromAttributes }, api] = await Promise.all([
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
    import("@opentelemetry/api"),
  ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, "")}/v1/traces` });
  const resource = resourceFromAttributes({
    "service.name": "shipmate",
    "service.version": version,
  });
  const readable = (span: Span): Readable => {
    const { name, facts, wrong } = mask({ name: span.name, facts: span.facts, wrong: span.wrong });
    const to = Math.max(span.from, span.to);
    return {
      ...{ name, attributes: facts, resource },
      kind: api.SpanKind.INTERNAL,
      spanContext: () => contextOf(span.run, span.key),
      ...(span.in !== undefined && { parentSpanContext: contextOf(span.run, span.in) }),
      startTime: hr(span.from),
      endTime: hr(to),
      duration: hr(to - span.from),
      ended: true,
      status:
        wrong === undefined
          ? { code: api.SpanStatusCode.UNSET }
          : { code: api.SpanStatusCode.ERROR, message: wrong },
      links: span.see === undefined ? [] : [{ context: contextOf(span.see.run, span.see.key) }],
      events: [],
      instrumentationScope: { name: "shipmate", version },
      ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
    };
  };
  return {
    send: (spans) =>
      new Promise((resolve, reject) => {
        exporter.export(spans.map(readable), ({ code, error }) => {
          if (code === 0) resolve();
          else reject(new Error(`sending traces to ${new URL(endpoint).host}`, { cause: error }));
        });
      }),
    close: () => exporter.shutdown(),
  };
}

type Readable = Parameters<OTLPTraceExporter["export"]>[0][number];

/** The trace of a run, as W3C's Trace Context writes it: 32 hex digits. */
export function traceOf(run: string): string {
  return hash(`shipmate run ${run}`).slice(0, 32);
}

function contextOf(run: string, key: string): SpanContext {
  const spanId = hash(`shipmate run ${run} span ${key}`).slice(0, 16);
  return { traceId: traceOf(run), spanId, traceFlags: 1 };
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Seconds and nanoseconds. */
function hr(milliseconds: number): HrTime {
  const whole = Math.floor(milliseconds / 1_000);
  return [whole, Math.round((milliseconds - whole * 1_000) * 1_000_000)];
}
