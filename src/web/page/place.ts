/** Where one is: `#/general`, `#/waiting`, and a run opened beside it, `#/general/run-1`. */
import { useEffect, useState } from "preact/hooks";

export interface Place {
  /** A channel, or one of `waiting`, `services`, `runs` behind a colon, which no channel's name has. */
  readonly view: string;
  readonly run: string | undefined;
}

/** The place of the address bar, and how to go to another. */
export function usePlace(): [Place, (to: Partial<Place>) => void] {
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const changed = () => setPlace(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  const go = (to: Partial<Place>): void => {
    const next = { ...read(), ...to };
    location.hash = address(next);
  };
  return [place, go];
}

export function address({ view, run }: Place): string {
  return `#/${encodeURIComponent(view)}${run === undefined ? "" : `/${encodeURIComponent(run)}`}`;
}

function read(): Place {
  const [view, run] = location.hash
    .replace(/^#\/?/, "")
    .split("/")
    .map((part) => decodeURIComponent(part));
  return { view: view || "general", run: run || undefined };
}
