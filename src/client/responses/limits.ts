/** What the sidecar keeps and runs of Responses; none of it is on the wire between machines. */

const minute = 60_000;
const mebibyte = 1_024 * 1_024;

export const responseLimits = {
  /** Weeks of one person's conversations; whoever needs more keeps them in their application. */
  keptMost: 1_000,
  /** Two hundred conversations with an image each, on a disk that somebody else may need. */
  keptBytes: 100 * mebibyte,
  /** What a row weighs beside its texts, so that a file of small ones stays bounded too. */
  rowBytes: 512,
  /** They run on with nobody there to stop them, and each holds a ticket. */
  backgroundMost: 16,
  /** Events of one background answer that may be read again: more than an engine says within a ticket. */
  replayBytes: 16 * mebibyte,
  /** How long they may be read again after its end; what was said stays in the kept response. */
  replayMs: 5 * minute,
  replaysMost: 32,

  // WebSocket
  /** Agents open one or a few each. */
  socketsMost: 64,
  /** OpenAI's; applications open another one by then. */
  socketLifeMs: 60 * minute,
  /** Proxies close connections on which nothing passes for a minute. */
  socketPingMs: 20_000,
  /** Answers that run or wait on one connection. */
  socketPendingMost: 16,
  /** Answers of a connection that can be continued without having been kept. */
  socketRemembersMost: 8,
  /** A peer that does not answer the closing handshake. */
  socketCloseMs: 2_000,
};
