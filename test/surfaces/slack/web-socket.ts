/** The server's side of a WebSocket (RFC 6455): short text frames, pings and closing, no more. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

export interface Line {
  send(text: string): void;
  close(): void;
}

/** Accepts an upgrade; `heard` gets each text. */
export function accept(
  request: IncomingMessage,
  socket: Duplex,
  on: { heard(text: string): void; closed(): void },
): Line {
  const key = String(request.headers["sec-websocket-key"]);
  const answer = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${answer}\r\n\r\n`,
  );
  let left: Buffer = Buffer.alloc(0);
  socket.on("data", (data: Buffer) => {
    left = Buffer.concat([left, data]);
    for (let frame = read(left); frame !== undefined; frame = read(left)) {
      left = left.subarray(frame.size);
      if (frame.kind === text) on.heard(frame.body.toString());
      if (frame.kind === ping) socket.write(framed(pong, frame.body));
      if (frame.kind === closing) socket.end(framed(closing, frame.body));
    }
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => on.closed());
  return {
    send: (said) => void socket.write(framed(text, Buffer.from(said))),
    close: () => void socket.end(framed(closing, Buffer.from([3, 232]))),
  };
}

const text = 1;
const closing = 8;
const ping = 9;
const pong = 10;

function framed(kind: number, body: Buffer): Buffer {
  const long = body.length > 65_535;
  const size =
    body.length < 126
      ? Buffer.from([body.length])
      : long
        ? Buffer.concat([Buffer.from([127, 0, 0, 0, 0]), number(body.length, 4)])
        : Buffer.concat([Buffer.from([126]), number(body.length, 2)]);
  return Buffer.concat([Buffer.from([0x80 | kind]), size, body]);
}

function number(value: number, bytes: 2 | 4): Buffer {
  const out = Buffer.alloc(bytes);
  out.writeUIntBE(value, 0, bytes);
  return out;
}

/** One whole frame from a client, whose frames are always masked. */
function read(from: Buffer): { kind: number; body: Buffer; size: number } | undefined {
  if (from.length < 6) return undefined;
  const short = from.readUInt8(1) & 0x7f;
  const more = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (from.length < 6 + more) return undefined;
  const length = more === 2 ? from.readUInt16BE(2) : more === 8 ? from.readUInt32BE(6) : short;
  const start = 6 + more;
  if (from.length < start + length) return undefined;
  const mask = from.subarray(2 + more, start);
  const body = Buffer.from(from.subarray(start, start + length));
  for (let at = 0; at < body.length; at += 1)
    body.writeUInt8(body.readUInt8(at) ^ mask.readUInt8(at % 4), at);
  return { kind: from.readUInt8(0) & 0x0f, body, size: start + length };
}
