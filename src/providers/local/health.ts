/** Asks a process whether it is healthy. */
import { get } from "node:http";

/** `says` fits after a version: "/healthz answered 503". */
export type Health =
  | { readonly healthy: true }
  | { readonly healthy: false; readonly says: string };

/** Healthy is a 2xx from /healthz within a second, from the very process that was meant. Never throws. */
export function askHealth(process: {
  readonly port: number;
  readonly instance: string;
}): Promise<Health> {
  return new Promise((resolve) => {
    const no = (says: string) => resolve({ healthy: false, says });
    const request = get(
      { host: "127.0.0.1", port: process.port, path: "/healthz", agent: false, timeout: 1_000 },
      (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        const who = response.headers["instance"];
        if (typeof who === "string" && who !== process.instance) no("another process has its port");
        else if (status >= 200 && status < 300) resolve({ healthy: true });
        else no(`/healthz answered ${status}`);
      },
    );
    request.on("timeout", () => request.destroy(new Error("timed out")));
    request.on("error", (error) =>
      no(error.message === "timed out" ? "/healthz did not answer" : notListening),
    );
  });
}

export const notListening = "nothing listened on its port";
