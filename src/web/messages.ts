/** A message as the console's page gets it. */
import type { DrawnCard, Form } from "../core/card.ts";
import type { MessageRow } from "../store/views.ts";
import type { AdaptiveCard } from "../surfaces/adaptive/adaptive.ts";
import { fitted } from "../surfaces/adaptive/fitted.ts";

export interface MessageView {
  readonly id: string;
  readonly number: number;
  readonly channel: string;
  /** said: a person's own words; root: a run's card; reply: an answer. */
  readonly kind: string;
  readonly author: string | null;
  readonly run: string | null;
  /** Only one person sees it. */
  readonly private: boolean;
  readonly at: number;
  readonly edited: number | null;
  /** The message in words alone. */
  readonly text: string;
  readonly card: DrawnCard | null;
  readonly buttons: DrawnCard["buttons"];
  /** The card as an Adaptive Card. */
  readonly adaptive: AdaptiveCard | null;
  readonly form: Form | null;
}

/** A page takes more than a chat: here a log of 60,000 characters, which is all that is kept, is whole. In bytes of UTF-16. */
const room = 600_000;

/** The row as a view; `now` is a newer card than the row has, where one was just told. */
export function view(row: MessageRow, now: DrawnCard | null = row.drawn): MessageView {
  const card = row.kind === "said" ? null : now;
  return {
    id: row.id,
    number: row.number,
    channel: row.channel,
    kind: row.kind,
    author: row.author,
    run: row.run,
    private: row.to_account !== null,
    at: row.at,
    edited: row.edited_at,
    text: now === null ? "" : words(now),
    card,
    buttons: card?.buttons ?? [],
    adaptive: card === null ? null : fitted(card, undefined, room),
    form: row.form,
  };
}

/** `Deploy web 1.4.2 to production. Succeeded: web 1.4.2 runs in production.` */
function words({ title, state, says }: DrawnCard): string {
  const rest = [state?.word, says].filter((part) => part !== undefined).join(": ");
  return rest === "" ? title : `${title}. ${rest}`;
}
