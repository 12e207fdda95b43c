/** Every bound of the protocol, each with its reason. A number that limits the wire lives here or nowhere. */

const second = 1_000;
const minute = 60 * second;
const kibibyte = 1_024;
const mebibyte = 1_024 * kibibyte;

export const limits = {
  // Identity and time
  /** Clocks of honest machines differ by less; a proof older than this cannot be replayed later. */
  clockSkewMs: 30 * second,
  /** One person's machines; more needs a second account. */
  nodesPerAccount: 32,
  rsaKeyBits: { least: 2_048, most: 4_096 },
  /** A DPoP proof or statement header with a 4096-bit RSA key is about 1.5 KiB. */
  proofBytes: 8 * kibibyte,

  // Tickets
  ticketLifeMs: 5 * minute,
  /** Leaves of the tree of one-time secrets: a budget of five minutes of short requests. */
  secretsPerTicket: 256,
  secretTreeDepth: 8,
  secretBytes: 32,
  ticketBytes: 4 * kibibyte,
  /** A budget below these seconds of the node's time ends most answers early, so none is given. */
  leastBudgetSeconds: 20,
  mostBudgetSeconds: 300,
  requestSecondsDefault: 1_800,
  engineIdleMs: 300 * second,
  /** After the ticket's end a stream may still run, and its receipt may still be on the way. */
  holdGraceMs: 15 * minute,

  // Inference requests
  headFrameBytes: 8 * kibibyte,
  headFrameWaitMs: 2 * second,
  inferenceBodyBytes: 20 * mebibyte,
  /** What is read of a body that was refused, so that the refusal arrives: the largest there is, in its frames. */
  discardedBytes: 24 * mebibyte,
  inferenceBytesInFlight: 64 * mebibyte,
  inferenceBodyWaitMs: 30 * second,
  /** One frame of an answer; pieces of the same tick are joined up to this. */
  frameBytes: 64 * kibibyte,
  /** A frame's size when opened is a power of two from here on: an event around one token fits. */
  leastFrameBytes: 512,
  /** From here on a multiple of it: doubling would cost a long prompt too much. */
  frameStepBytes: 4 * kibibyte,
  /** What a ticket's holder may try, refusals and all; a worker remembers each. */
  attemptsPerTicket: 1_024,
  /** What may wait for one slow reader before the engine is paused. */
  streamBufferBytes: 256 * kibibyte,
  slowReaderMs: 30 * second,
  /** Who reads less than this in that time hardly reads: it would keep a slot, unbilled, for half an hour. */
  slowReaderBytes: 16 * kibibyte,
  /** No engine on one machine makes more of one answer; what a budget can pay for is at most this much by time. */
  tokensPerSecondMost: 1_000,
  /** Before the only engine with a model is asked once more, where nobody listened. */
  refusedConnectionMs: 500,
  abortEngineMs: 1 * second,
  /** How long a worker that is asked to stop lets its streams finish. */
  drainMs: 300 * second,
  /** And then, for their last frames, to readers that may not read. */
  lastFramesMs: 5 * second,

  // Keys that requests are sealed to
  /** A statement with two RSA-4096 signatures, one within the other, is about 6 KiB. */
  keyStatementBytes: 8 * kibibyte,
  /** What such a key could open is lost with it, so it does not live long. */
  sealingKeyLifeMs: 7 * 24 * 60 * minute,
  /** The next one is shown this long before: nobody who could be told has only the old one when it ends. */
  sealingKeyOverlapMs: 24 * 60 * minute,
  /** Clocks of both sides, and a ticket that began in the key's last moment. */
  sealingKeyGraceMs: 5 * minute + 2 * 30 * second,
  /** Names a run of the worker. */
  bootBytes: 16,
  attemptBytes: 16,

  // Receipts and acknowledgements
  linesPerStatement: 100,
  /** Far more than half an hour of any engine; a line with a larger count would spoil its whole statement. */
  tokensPerLine: 100_000_000,
  statementsPerCall: 50,
  statementCallBytes: 2 * mebibyte,
  batchWaitMs: 2 * second,
  /** Between two calls of one outbox, so that a long queue does not become a burst. */
  statementCallGapMs: 1 * second,
  receiptAgeMs: 8 * 24 * 60 * minute,
  recordAgeMs: 9 * 24 * 60 * minute,
  vestingMs: 24 * 60 * minute,
  /** The client's own figures are upper bounds: its clock sees the network too. */
  acknowledgedMsGrace: 2 * second,
  acknowledgedTokensGrace: 32,
  /** Worker's and client's figures that differ by less are called equal. */
  differenceShare: 0.05,
  /** A worker says that a ticket is done with this long after its end: whatever it let in by then is in its journal. */
  closeAfterMs: 30 * second,
  freeAbortsPerTicket: 3,
  freeAbortMs: 10 * second,

  // Joining
  /** Hashes of 40 ms that joining may cost: some minutes of an old laptop. A client refuses to do more. */
  puzzleWorkMost: 8_192,
  /** Long enough for the hardest puzzle on the slowest machine. */
  puzzleLifeMs: 60 * minute,
  /** Source prefixes draw at most this share of a day's starter credits, or this many grants, whichever is more. */
  prefixDrawPercent: 1,
  prefixDrawGrants: 10,

  // Receipts by shared key
  hmacReceiptSeconds: 300,
  /** Whole credits: nobody's signature stands behind such a receipt. */
  hmacReceiptCredits: 10,

  // Accounts
  /** One person's machines, and the keys they rotated away from within reason. */
  liveKeysPerAccount: 32,
  /** A link code is read off one screen and pasted on another. */
  linkCodeMs: 60 * minute,
  /** Before this many others have dealt with an account, it may be a shell for starter credits. */
  giftCounterparties: 10,
  /** Whole credits an account may give away within a day: less than a stolen key could empty it of. */
  giftDailyCredits: 10_000,
  memoCharacters: 140,

  // Heartbeats
  heartbeatMs: 10 * second,
  heartbeatsPerLease: 3,
  heartbeatBytes: 256 * kibibyte,
  modelsPerNode: 256,
  enginesPerNode: 16,
  runningHoldsPerNode: 1_024,
  revokedHolds: 1_000,
  addressesPerNode: 8,

  // Proofs of hardware
  /** An opening of the largest size is 2.5 MB. */
  openingBytes: 3 * mebibyte,
  /** A commitment takes two to four seconds; one that takes longer has been held up, or shares its prover. */
  commitWaitMs: 15 * second,
  /** From push to push of nodes that are tried together: one commitment, its opening, and the way there of both. */
  proofSlotMs: 30 * second,
  /** A prover computes for no longer, all challenges of a trial together. */
  provingMs: 300 * second,
  /** Of a node, each proven by itself: as many as a machine has, and as its processor can feed at once. */
  provenGpus: 8,
  /** Of the time a commitment took: what the network may have had of it. */
  proofRoundTripMs: 150,
  /** Checking an opening takes an eighth of a second at the largest size; a thread that takes this long hangs. */
  proofCheckMs: 10 * second,
  /** Openings that wait for the checking thread: 40 MB at most, and no more than a few seconds' work. */
  proofChecksWaiting: 16,

  // Relays
  /** Places that one node can be reached through; a client tries a few of them at most. */
  relaysPerNode: 4,
  /** Between two pings of a worker's connection to a relay. One without an answer by the next ends it. */
  relayPingMs: 10 * second,
  relayDialMs: 10 * second,
  /** What may be on its way of one answer, unacknowledged: a reader who stops costs the relay little more. */
  relayAnswerWindowBytes: 64 * kibibyte,
  /** And of one request: 20 MiB must arrive within half a minute, over a line of a tenth of a second and more. */
  relayRequestWindowBytes: 256 * kibibyte,
  /** Of all streams of a connection together: one that is not read must not hold up the others. */
  relayConnectionWindowBytes: 64 * mebibyte,
  relayStreamsPerNode: 256,
  /** A worker's engine may be silent for five minutes; whoever is for longer has gone. */
  relaySilenceMs: 330 * second,
  /** More than any ticket's answers take, and no more than a few large prompts. */
  relayTicketBytes: 256 * mebibyte,
  /** Of one account at one node, within a day. */
  relayPseudonymBytes: 4_096 * mebibyte,
  relayPseudonymStreams: 20_000,
  /** A household or office has several people. */
  relayPrefixStreams: 100_000,
  /** A quarter of what a node may have: one ticket cannot shut out the others. */
  relayStreamsPerTicket: 64,

  // Control plane
  bodyBytes: 64 * kibibyte,
  headerBytes: 16 * kibibyte,
  headerCount: 100,
  jsonDepth: 32,
  /** Twenty mebibytes of `1,` are ten million: checking each, and saying what is wrong with each, takes gigabytes. */
  jsonValues: 250_000,
  /** Of a call to the coordinator: a heartbeat at its largest has 6,000. It is read before anybody is known. */
  callJsonValues: 16_000,
  headersWaitMs: 10 * second,
  /** A body that comes more slowly than this many bytes in that time is given up: 1 KiB/s. */
  slowBodyBytes: 5 * kibibyte,
  slowBodyMs: 5 * second,
  /** Bodies in memory at once: of one network that nobody known speaks from, or of one known caller. */
  callerBytesInFlight: 8 * mebibyte,
  /** And of all whom nobody knows yet; they take nothing from those who are known. */
  strangersBytesInFlight: 64 * mebibyte,
  knownBytesInFlight: 256 * mebibyte,
  readTimeoutMs: 5 * second,
  writeTimeoutMs: 30 * second,
  pageDefault: 50,
  pageMost: 200,

  // How often one may call
  /** Of a network, before it is known who calls; a signature takes 0.2 ms to check: 0.2 % of a core. */
  prefixCallsPerMinute: 600,
  /** Of an address, for callers without a known key. */
  defaultCallsPerHour: 100,
  /** Of these, those that make or spend something, and proofs that do not verify. */
  strictCallsPerHour: 20,
  /** Of an account or node; a sidecar that is used lists its nodes 240 times. */
  accountCallsPerHour: 600,
  /** New tickets of an account: ten nodes kept warm. */
  authorizationsPerHour: 120,
  /** An outbox calls once a second at most (`statementCallGapMs`). */
  statementCallsPerMinute: 60,
  /** A worker that turns busy and idle says so once a second; a quarter of this is left while Redis is lost. */
  heartbeatsPerSecond: 4,

  // Operators
  /** A password takes a tenth of a second to check, one after the other: who waits longer asks again. */
  loginsWaiting: 16,
  /** People who run one coordinator. */
  operators: 64,
  /** Whoever should stay out for longer is revoked. */
  quarantineMostMs: 366 * 24 * 60 * minute,
  inviteMostMs: 366 * 24 * 60 * minute,
  invitesPerCall: 1_000,
  /** Years of an audit log or of books, read from end to end. */
  adminReadTimeoutMs: 10 * minute,

  // Texts
  modelNameCharacters: 256,
  digestCharacters: 128,
  shortTextCharacters: 64,
  urlCharacters: 2_048,
} as const;
