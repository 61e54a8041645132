import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection, Hears } from "../../src/store/connection.ts";
import { connections, patience } from "../../src/store/connections.ts";
import { LostConnection } from "../../src/store/database.ts";
import { oneBy, type Send } from "../../src/store/transaction.ts";
import { isAway } from "../../src/store/unreachable.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Connections whose statements are answered when the test says so. */
function server(most: number, opens: () => Promise<void> = async () => {}) {
  const asked: { on: number; text: string; answer(): void; lose(): void }[] = [];
  const made: { hears: Hears; closed: boolean }[] = [];
  const lost: string[] = [];
  const open = async (hears: Hears): Promise<Connection> => {
    await opens();
    const on = made.push({ hears, closed: false }) - 1;
    let isLost = false;
    const send: Send = ([ask]) => {
      const text = ask?.text ?? "";
      const { promise, resolve, reject } = Promise.withResolvers<never>();
      const answer = () => resolve([{ rows: [], count: on, command: "" }] as never);
      const lose = () => {
        isLost = true;
        reject(new LostConnection(text));
      };
      asked.push({ on, text, answer, lose });
      return promise;
    };
    const close = async () => {
      const one = made[on];
      if (one) one.closed = true;
    };
    return { send, isLost: () => isLost, close };
  };
  const pool = connections({ most, open, lost: ({ message }) => void lost.push(message) });
  const beside = (text: string) => pool.beside((send) => oneBy(send)(text, []));
  /** Two statements, one after the other. */
  const alone = (text: string) =>
    pool.alone(async (send) => {
      const statement = oneBy(send);
      await statement(`${text} 1`, []);
      return statement(`${text} 2`, []);
    });
  const under = () => asked.map(({ on, text }) => `${on} ${text}`);
  const answer = async (text: string) => {
    const at = asked.findIndex((one) => one.text === text);
    asked.splice(at, 1)[0]?.answer();
    await turn();
  };
  return { pool, asked, made, lost, beside, alone, under, answer };
}
const turn = () => vi.advanceTimersByTimeAsync(0);

test("opens a connection for whoever finds none free, and no more than it may", async () => {
  const { beside, under, made, answer } = server(2);
  for (const text of ["a", "b", "c"]) void beside(text);
  await turn();
  expect(under()).toEqual(["0 a", "1 b", "1 c"]);
  for (const text of ["a", "b", "c"]) await answer(text);
  for (const text of ["d", "e", "f"]) void beside(text);
  await turn();
  expect(under()).toEqual(["1 d", "0 e"]);
  expect(made).toHaveLength(2);
});

test("sends what waits and stands alone together, in the order in which it came, and at most four", async () => {
  const { beside, under, answer } = server(1);
  for (const text of ["a", "b", "c", "d", "e", "f"]) void beside(text);
  await turn();
  expect(under()).toEqual(["0 a", "0 b", "0 c", "0 d"]);
  for (const text of ["a", "b", "c"]) await answer(text);
  expect(under()).toEqual(["0 d"]);
  await answer("d");
  expect(under()).toEqual(["0 e", "0 f"]);
});

test("lets nobody in between the statements of a transaction, and nobody overtake one", async () => {
  const { beside, alone, under, answer } = server(1);
  void beside("a");
  void alone("b");
  void beside("c");
  await turn();
  expect(under()).toEqual(["0 a"]);
  await answer("a");
  expect(under()).toEqual(["0 b 1"]);
  await answer("b 1");
  expect(under()).toEqual(["0 b 2"]);
  await answer("b 2");
  expect(under()).toEqual(["0 c"]);
});

test("begins what waits behind a job that has asked its last, and ends what was asked before it closes", async () => {
  const { pool, beside, under, answer, made } = server(1);
  const leaves = async (text: string) =>
    pool.alone((send, leave) => {
      const asked = oneBy(send)(text, []);
      leave();
      return asked;
    });
  void leaves("a");
  void leaves("b");
  await turn();
  expect(under()).toEqual(["0 a", "0 b"]);
  void beside("c");
  await turn();
  expect(under()).toEqual(["0 a", "0 b"]);
  for (const text of ["a", "b"]) await answer(text);
  expect(under()).toEqual(["0 c"]);
  await answer("c");
  void leaves("d");
  const closing = pool.close();
  await turn();
  expect(made).toMatchObject([{ closed: false }]);
  await answer("d");
  await closing;
  expect(made).toMatchObject([{ closed: true }]);
});

test("asks nothing more of a connection that was lost: who waits gets another", async () => {
  const { beside, alone, asked, under, made } = server(1);
  const gone = expect(alone("a")).rejects.toThrow(LostConnection);
  void beside("b");
  await turn();
  asked.splice(0)[0]?.lose();
  await gone;
  await turn();
  expect(under()).toEqual(["1 b"]);
  expect(made[0]?.closed).toBe(true);
});

test("tells of one that was lost while nobody used it, and closes one that is not used", async () => {
  const { beside, made, lost, under, answer } = server(2);
  for (const text of ["a", "b"]) void beside(text);
  await turn();
  made[0]?.hears.lost(new Error("in use"));
  expect(made[1]?.hears.unused()).toBe(false);
  for (const text of ["a", "b"]) await answer(text);
  made[0]?.hears.lost(new Error("idle"));
  made[0]?.hears.lost(new Error("and once more"));
  expect(lost).toEqual(["idle"]);
  expect(made[1]?.hears.unused()).toBe(true);
  expect(made.map(({ closed }) => closed)).toEqual([true, true]);
  void beside("c");
  await turn();
  expect(under()).toEqual(["2 c"]);
});

test("gives up who waited for too long, and whoever came later later", async () => {
  const { beside, under } = server(1);
  void beside("a");
  await turn();
  const first = expect(beside("b")).rejects.toSatisfy(isAway, "what may be waited for");
  await vi.advanceTimersByTimeAsync(patience / 2);
  const second = beside("c");
  let ended = false;
  second.catch(() => {}).finally(() => (ended = true));
  await vi.advanceTimersByTimeAsync(patience / 2);
  await first;
  expect(ended).toBe(false);
  const later = expect(second).rejects.toThrow("connecting to the database");
  await vi.advanceTimersByTimeAsync(patience / 2);
  await later;
  expect(under()).toEqual(["0 a"]);
});

test("fails one caller for each connection that can't be opened, and tries anew for the next", async () => {
  let away = true;
  const { beside, under } = server(1, async () => {
    if (away) throw new Error("refused");
  });
  const first = expect(beside("a")).rejects.toMatchObject({ cause: { message: "refused" } });
  const second = expect(beside("b")).rejects.toThrow("connecting to the database");
  await first;
  await second;
  away = false;
  void beside("c");
  await turn();
  expect(under()).toEqual(["0 c"]);
});

test("once closed takes nothing more, ends what was asked for, and then closes each connection", async () => {
  const { pool, beside, alone, answer, made } = server(1);
  void alone("a");
  const last = beside("b");
  await turn();
  let closed = false;
  const closing = pool.close().then(() => (closed = true));
  await expect(beside("c")).rejects.toThrow("the database is closed");
  for (const text of ["a 1", "a 2"]) await answer(text);
  expect(closed).toBe(false);
  await answer("b");
  await last;
  await closing;
  expect(made).toMatchObject([{ closed: true }]);
  await pool.close();
});
