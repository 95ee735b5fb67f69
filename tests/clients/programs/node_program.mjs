// ClickHouse's Node client (HTTP) as a foreign client: what tests/clients/test_contract.py asks of it.

import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

// NODE_PATH, by which the client is found beside this folder, counts for require only.
const { createClient } = createRequire(import.meta.url)("@clickhouse/client");

/** A client with compression both ways, as its manual recommends. */
function connected() {
  return createClient({
    url: `http://${process.env.SERVER_HOST}:${process.env.SERVER_HTTP_PORT}`,
    username: process.env.SERVER_USER,
    password: process.env.SERVER_PASSWORD,
    database: process.env.SERVER_DATABASE,
    compression: { request: true, response: true },
  });
}

async function rowsOf(client, query) {
  const found = await client.query({ query, format: "JSONEachRow" });
  return found.json();
}

async function insert(client, count, firstMs) {
  const values = [];
  for (let n = 0; n < count; n++) {
    const at = new Date(firstMs + n).toISOString();
    values.push({
      n,
      s: `row ${n} Hải Phòng`,
      maybe: n % 3 === 0 ? null : n % 1000,
      day: at.slice(0, 10),
      at: at.replace("T", " ").replace("Z", ""),
    });
  }
  const done = await client.insert({ table: "contract", values, format: "JSONEachRow" });
  return Number(done.summary.written_rows);
}

async function stream(client, count) {
  const found = await client.query({ query: `SELECT number FROM numbers(${count})`, format: "TabSeparated" });
  let rows = 0;
  let sum = 0;
  for await (const batch of found.stream()) {
    for (const row of batch) {
      rows += 1;
      sum += Number(row.text);
    }
  }
  return [rows, sum];
}

/** Abort a request, and kill its query by its id, as the client's manual says: a server does not always notice. */
async function cancel(client, name) {
  const watcher = connected();
  const query = `SELECT count() AS n FROM system.processes WHERE query LIKE '%${name}%' AND query NOT LIKE '%processes%'`;
  const running = async () => Number((await rowsOf(watcher, query))[0].n);
  const abort = new AbortController();
  const ended = client
    .query({
      query: `SELECT sum(sipHash64(number)) AS ${name} FROM numbers(1000000000000)`,
      query_id: name,
      abort_signal: abort.signal,
    })
    .then(
      () => false,
      () => true,
    );
  while ((await running()) !== 1) await sleep(50);
  const begun = performance.now();
  abort.abort();
  if (!(await ended)) throw new Error("the aborted query did not fail");
  await watcher.command({ query: `KILL QUERY WHERE query_id = '${name}'` });
  while ((await running()) !== 0) await sleep(20);
  await watcher.close();
  return (performance.now() - begun) / 1000;
}

async function asked(client, verb, ...rest) {
  switch (verb) {
    case "version":
      return (await rowsOf(client, "SELECT version() AS v"))[0].v;
    case "tables":
      return (await rowsOf(client, "SHOW TABLES")).map((row) => row.name);
    case "select": {
      const rows = await rowsOf(client, "SELECT n, s, maybe, day, at FROM contract ORDER BY n LIMIT 3");
      return rows.map((row) => [row.n, row.s, row.maybe, row.day, Date.parse(`${row.at.replace(" ", "T")}Z`)]);
    }
    case "insert":
      return insert(client, Number(rest[0]), Number(rest[1]));
    case "stream":
      return stream(client, Number(rest[0]));
    case "cancel":
      return cancel(client, rest[0]);
    default:
      throw new Error(verb);
  }
}

const client = connected();
console.log(JSON.stringify(await asked(client, ...process.argv.slice(2))));
await client.close();
