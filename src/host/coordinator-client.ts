/** Calls to the coordinator, as worker and client both make them: proven, timed, bounded, with typed failures. */
import { Agent, type Dispatcher } from "undici";
import type { z } from "zod";
import { type Clock, deadline } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { errorAnswer } from "../protocol/endpoints.ts";
import { isErrorCode, TroopError } from "../protocol/error-codes.ts";
import { limits } from "../protocol/limits.ts";
import { createProof } from "../protocol/proof.ts";
import type { Signer } from "../protocol/signature.ts";
import { headers, protocolVersion } from "../protocol/version.ts";
import { headersOfCall, spanning } from "./observe/call.ts";
import { createCoordinatorTime, type CoordinatorTime } from "./coordinator-time.ts";
import { createHttpTransport, type HttpTransport } from "./http-transport.ts";

export interface CoordinatorCall<Answer> {
  method: "GET" | "POST" | "DELETE";
  /** Path without query. */
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: object;
  answer: z.ZodType<Answer>;
  /** Whose proof the call carries; none for public routes and statements. */
  signer?: Signer | undefined;
  signal?: AbortSignal | undefined;
}

export interface CoordinatorClient extends AsyncDisposable {
  readonly url: string;
  readonly time: CoordinatorTime;
  /** @throws TroopError the coordinator's own code, or `coordinator_unreachable`, `timeout` */
  call<Answer>(call: CoordinatorCall<Answer>): Promise<Answer>;
}

export interface CoordinatorClientParts {
  url: string;
  clock: Clock;
  random: Random;
  dispatcher?: Dispatcher;
  /** Instead of HTTP over the dispatcher. */
  transport?: HttpTransport;
}

/** A worker's GPUs each have a call that the coordinator keeps until an instant, and its beats are not to wait for them. */
const connectionsMost = limits.provenGpus + 4;

export function createCoordinatorClient({
  url,
  clock,
  random,
  ...parts
}: CoordinatorClientParts): CoordinatorClient {
  const given = parts.transport ?? (parts.dispatcher && createHttpTransport(parts.dispatcher));
  const agent = given ? undefined : new Agent({ connections: connectionsMost });
  const transport = given ?? createHttpTransport(agent!);
  const time = createCoordinatorTime(clock);

  async function attempt<Answer>(call: CoordinatorCall<Answer>): Promise<Answer> {
    const body = call.body && JSON.stringify(call.body);
    const target = url + call.path;
    const proven = { method: call.method, url: target, body };
    using timer = deadline(
      clock,
      call.method === "GET" ? limits.readTimeoutMs : limits.writeTimeoutMs,
      new TroopError("timeout", `The coordinator ${url} did not answer in time.`),
    );
    const signal = call.signal ? AbortSignal.any([call.signal, timer.signal]) : timer.signal;
    const sentAt = clock.now();
    try {
      const response = await transport({
        ...{ method: call.method, url: target, query: call.query, body, signal },
        headers: {
          ...headersOfCall(),
          [headers.version]: String(protocolVersion),
          ...(body ? { "content-type": "application/json" } : {}),
          ...(call.signer
            ? { [headers.proof]: await createProof(call.signer, random, time.now(), proven) }
            : {}),
        },
      });
      const stated = Number(response.headers[headers.time]);
      if (Number.isSafeInteger(stated) && stated > 0) time.observe(stated, sentAt);
      const text = await response.text();
      return response.status < 400
        ? readAnswer(call, text, url)
        : failWith(response.status, response.headers["retry-after"], text, url);
    } catch (error) {
      if (error instanceof TroopError) throw error;
      // The caller's own abort is not the coordinator's fault.
      call.signal?.throwIfAborted();
      if (timer.signal.aborted) throw timer.signal.reason;
      throw new TroopError("coordinator_unreachable", `The coordinator ${url} cannot be reached.`, {
        cause: error,
      });
    }
  }

  return {
    url,
    time,
    call: (call) =>
      spanning(spanOf(call), async () => {
        try {
          return await attempt(call);
        } catch (error) {
          // The refusal carried the coordinator's time, which has been observed: one more try is stamped with it.
          if (error instanceof TroopError && error.code === "clock_skew") return attempt(call);
          throw error;
        }
      }),
    [Symbol.asyncDispose]: () => agent?.destroy() ?? Promise.resolve(),
  };
}

/** By the path's first part: behind it stand ids. */
const spanOf = ({ method, path }: Pick<CoordinatorCall<unknown>, "method" | "path">) => ({
  name: `${method} /${path.split("/")[1]}`,
  kind: "client" as const,
  attributes: { "http.request.method": method },
});

function readAnswer<Answer>(call: CoordinatorCall<Answer>, text: string, url: string): Answer {
  const parsed = call.answer.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new TroopError(
    "coordinator_unreachable",
    `${url} did not answer ${call.path} as a coordinator does.`,
    {
      cause: parsed.error,
    },
  );
}

function failWith(
  status: number,
  retryAfter: string | string[] | undefined,
  text: string,
  url: string,
): never {
  const parsed = errorAnswer.safeParse(parseJson(text));
  const code = parsed.data?.error.code;
  const seconds = Number(retryAfter);
  if (isErrorCode(code)) {
    throw new TroopError(code, parsed.data!.error.message, {
      cause: new Error(`${url} answered ${status}`),
      ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {}),
      ...(parsed.data!.error.param ? { param: parsed.data!.error.param } : {}),
      ...(parsed.data!.error.details ? { details: parsed.data!.error.details } : {}),
    });
  }
  throw new TroopError(
    "coordinator_unreachable",
    `${url} answered ${status}, and not as a coordinator does.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
