/**
 * Long texts as files, by consent: Teams lets a bot hand a file to one person in their own chat, who accepts
 * it; the file then lies in that person's OneDrive. In channels and group chats there is no such way.
 */
import { z } from "zod";
import { line } from "../../observe/text.ts";

/** An answer to an offered file. */
export const Consent = z.object({
  action: z.enum(["accept", "decline"]),
  context: z.object({ file: z.string().min(1).max(200) }),
  uploadInfo: z
    .object({
      uploadUrl: z.string(),
      contentUrl: z.string(),
      uniqueId: z.string(),
      fileType: z.string().optional(),
    })
    .nullish(),
});
export type Consent = z.infer<typeof Consent>;

export type Files = ReturnType<typeof files>;

/** Keeps the last texts that were offered, in memory: after a restart an old offer says that it is too old. */
export function files({
  mask,
  isStore = isOneDrive,
}: {
  readonly mask: <T>(value: T) => T;
  /** Whether a text may be sent to this address. */
  readonly isStore?: (url: string) => boolean;
}) {
  const kept = new Map<
    string,
    { readonly account: string; readonly name: string; readonly text: string }
  >();
  return { offer, accept };

  /** The activity that offers a text as a file to one person. */
  function offer(id: string, account: string, title: string, text: string): object {
    const name = `${title.replace(/[^A-Za-z0-9.-]+/g, "-").slice(0, 80) || "log"}.txt`;
    kept.delete(id);
    kept.set(id, { account, name, text: mask(text).toWellFormed() });
    for (const oldest of kept.keys()) if (kept.size > most) kept.delete(oldest);
    const content = {
      description: line(`All of it: ${title}`, 200),
      sizeInBytes: Buffer.byteLength(kept.get(id)?.text ?? ""),
      acceptContext: { file: id },
      declineContext: { file: id },
    };
    const contentType = "application/vnd.microsoft.teams.card.file.consent";
    return { type: "message", attachments: [{ contentType, name, content }] };
  }

  /** Sends the text where Teams made room for it. The activity shows the file; undefined: nothing to send. */
  async function accept(
    { context, uploadInfo }: Consent,
    account: string,
    signal: AbortSignal,
  ): Promise<object | undefined> {
    const file = kept.get(context.file);
    if (file?.account !== account || !uploadInfo || !isStore(uploadInfo.uploadUrl))
      return undefined;
    const bytes = Buffer.from(file.text);
    const sent = await fetch(uploadInfo.uploadUrl, {
      method: "PUT",
      body: bytes,
      redirect: "error",
      headers: {
        "content-type": "application/octet-stream",
        "content-range": `bytes 0-${bytes.length - 1}/${bytes.length}`,
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
    });
    if (!sent.ok) throw new Error(`sending a file: ${sent.status}`);
    kept.delete(context.file);
    const { contentUrl, uniqueId, fileType = "txt" } = uploadInfo;
    const contentType = "application/vnd.microsoft.teams.card.file.info";
    const content = { uniqueId, fileType };
    return {
      type: "message",
      attachments: [{ contentType, contentUrl, name: file.name, content }],
    };
  }
}

const most = 50;

/** OneDrive for Business lives at SharePoint; nothing is sent anywhere else. */
export function isOneDrive(url: string): boolean {
  const at = URL.parse(url);
  return (
    at?.protocol === "https:" && at.port === "" && /\.sharepoint\.(com|us|de|cn)$/.test(at.hostname)
  );
}
