/** SQL of what receipts say of prices: the voices of each model, and the prices fitted from them. */
import { sql } from "kysely";
import { reaching, type Database } from "../database.ts";
import type { FittedPrice, Voice } from "./tariff-fit.ts";
import { promptsPerCompletion } from "./tariff.ts";

/** How many of a pair's latest lines make its voice: enough for a median, and no use in sending more. */
const linesPerVoice = 20;

export interface TariffStore {
  /** Voices by model, of lines received since then that their requester acknowledged as they were. */
  readVoices(since: number): Promise<Map<string, Voice[]>>;
  readPrices(): Promise<Map<string, FittedPrice>>;
  writePrices(prices: ReadonlyMap<string, FittedPrice>): Promise<void>;
}

interface PriceRecord {
  model: string;
  per_completion_token: bigint;
  lines: number;
  owners: number;
  requesters: number;
  fitted_ms: bigint;
  /** When the price last moved, either way. */
  raised_ms: bigint;
}

export const createTariffStore = (database: Database): TariffStore => ({
  readVoices: (since) => reaching(() => readVoices(database, since)),

  async readPrices() {
    const { rows } = await reaching(() =>
      sql<PriceRecord>`
        select model, per_completion_token, lines, owners, requesters, fitted_ms, raised_ms from tariff
      `.execute(database),
    );
    return new Map(rows.map((row) => [row.model, priceOf(row)]));
  },

  async writePrices(prices) {
    const rows = [...prices].map(([model, price]) => ({
      model,
      per_completion_token: String(price.perCompletionToken),
      lines: price.lines,
      owners: price.owners,
      requesters: price.requesters,
      fitted_ms: price.fittedAt,
      raised_ms: price.movedAt,
    }));
    await reaching(() =>
      sql`
        insert into tariff
        select * from jsonb_populate_recordset(null::tariff, ${JSON.stringify(rows)}::jsonb)
        on conflict (model) do update set
          (per_completion_token, lines, owners, requesters, fitted_ms, raised_ms) =
          (excluded.per_completion_token, excluded.lines, excluded.owners, excluded.requesters,
            excluded.fitted_ms, excluded.raised_ms)
      `.execute(database),
    );
  },
});

const priceOf = (row: PriceRecord): FittedPrice => ({
  perCompletionToken: row.per_completion_token,
  lines: row.lines,
  owners: row.owners,
  requesters: row.requesters,
  fittedAt: Number(row.fitted_ms),
  movedAt: Number(row.raised_ms),
});

async function readVoices(database: Database, since: number): Promise<Map<string, Voice[]>> {
  const { rows } = await sql<{
    model: string;
    owner: string;
    requester: string;
    lines: bigint;
    shown: bigint;
  }>`
    with shown as (
      select h.model, r.payee as owner, r.account as requester,
        div(r.billed_ms::numeric * h.per_second * ${promptsPerCompletion}::bigint,
          1000 * (r.prompt_tokens + ${promptsPerCompletion}::numeric * r.completion_tokens)) as rate,
        row_number() over (
          partition by h.model, r.payee, r.account order by r.received_ms desc, r.hold, r.k
        ) as age
      from request r join hold h on h.id = r.hold
      where r.state = 'settled' and r.verdict = 'ok' and r.acknowledged_hash = r.line_hash
        and r.account <> r.payee and r.finish in ('stop', 'length', 'tool_calls') and not r.hmac
        and r.received_ms >= ${since}::bigint and r.prompt_tokens + r.completion_tokens > 0
        -- Who has paid nothing has no say in what others pay.
        and r.cost > r.shortfall
    )
    select model, owner, requester, count(*) as lines,
      least(percentile_disc(0.5) within group (order by rate), 9e18)::bigint as shown
    from shown where age <= ${linesPerVoice} group by model, owner, requester
    order by model, owner, requester
  `.execute(database);
  const voices = Map.groupBy(rows, ({ model }) => model);
  return new Map(
    [...voices].map(([model, of]) => [
      model,
      of.map(({ owner, requester, lines, shown }) => ({
        owner,
        requester,
        lines: Number(lines),
        perCompletionToken: shown,
      })),
    ]),
  );
}
