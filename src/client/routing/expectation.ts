/**
 * How long an answer will take at a node. Pure.
 *
 *   (ticket) + reading, first what others wait for, then what it has not read before + writing, more slowly the more
 *   answers the node works at
 *
 * Only comparisons count: what is wrong by the same factor everywhere does no harm.
 */

/** How fast a node is with one model. */
export interface Speed {
  /** For each token of a prompt, and of `promptFloorTokens`. */
  readMsPerToken: number;
  /** For each token of an answer, where the node does nothing else. */
  writeMsPerToken: number;
}

/** What is asked, in tokens. */
export interface Work {
  promptTokens: number;
  answerTokens: number;
}

/** How things stand at a node, as far as is known here. */
export interface Outlook {
  speed: Speed;
  /** Answers that it works at now. */
  running: number;
  slots: number;
  /** Tokens of prompts that we sent there and that it has not answered with a first word. */
  unreadTokens: number;
  /** Tokens of this very prompt that it read a while ago. */
  cachedTokens: number;
  /** A ticket for it is at hand. */
  isWarm: boolean;
  /** Of the requests that we sent there lately. */
  failureShare: number;
}

/** What the shortest prompt costs a node: its way there and back, a template, a first pass. */
export const promptFloorTokens = 200;

/** A ticket costs a call to the coordinator, and reserves credits for minutes. */
const ticketMs = 1_000;

/**
 * What a node reads anew takes the place of what it has read for others, who also wait meanwhile. With 1 to 4 the same
 * tokens are delivered where beginnings are drawn evenly; with 2 most where some are popular (`bench -- routing`).
 */
const anewWeight = 2;

/** A failure costs at least the time that it took, and mostly an answer that had begun. */
const failureWeight = 4;

/** Each answer beside it makes one slower; engines share their memory's bandwidth among all. */
export const crowding = ({ running, slots }: Pick<Outlook, "running" | "slots">): number =>
  1 + running / Math.max(1, slots);

/** Until the first word. */
export function firstWordMs(
  { speed, isWarm, unreadTokens, cachedTokens }: Outlook,
  promptTokens: number,
): number {
  const unread = unreadTokens + Math.max(0, promptTokens - cachedTokens) + promptFloorTokens;
  return (isWarm ? 0 : ticketMs) + unread * speed.readMsPerToken;
}

export function expectedMs(outlook: Outlook, { promptTokens, answerTokens }: Work): number {
  const { speed, isWarm, unreadTokens, cachedTokens, failureShare } = outlook;
  const anew = anewWeight * Math.max(0, promptTokens - cachedTokens);
  const unread = unreadTokens + anew + promptFloorTokens;
  const reading = unread * speed.readMsPerToken;
  const writing = answerTokens * speed.writeMsPerToken * crowding(outlook);
  return (isWarm ? 0 : ticketMs) + (reading + writing) * (1 + failureWeight * failureShare);
}

/** On the reference card: about 1,000 tokens of a prompt and 40 of an answer in a second, for a middling model. */
const reference: Speed = { readMsPerToken: 1, writeMsPerToken: 25 };
const multiplierLeast = 0.05;

/** What the reference is for, in thousands of millions of parameters, and the smallest that is any faster for it. */
const referenceBillions = 8;
const billionsLeast = 0.5;

/** What a node's proven hardware promises, for as long as nothing was seen of it. @param billions 0: not known */
export function promisedSpeed(multiplier: number, billions = 0): Speed {
  const share = Math.max(billionsLeast, billions || referenceBillions) / referenceBillions;
  const factor = Math.max(multiplierLeast, multiplier) / share;
  return {
    readMsPerToken: reference.readMsPerToken / factor,
    writeMsPerToken: reference.writeMsPerToken / factor,
  };
}
