/**
 * A small evaluator of a mesh's policy, as Tailscale documents it ("Syntax reference for the tailnet policy file") and
 * Headscale keeps it (docs/ref/policy.md): rules only allow, what none allows is refused. It reads exactly what our
 * policy uses; anything else in a file is an error here, so that no rule passes unread.
 */
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { z } from "zod";

const proto = z.enum(["tcp", "udp"]);
const tag = z.string().regex(/^tag:[a-z][a-z0-9-]*$/);
const destination = z.string().regex(/^tag:[a-z][a-z0-9-]*:(\*|\d+)$/);

/** No `grants`, `ssh`, `autoApprovers` or `nodeAttrs`: each could open more than the rules say. */
const policyShape = z.strictObject({
  groups: z.record(z.string().startsWith("group:"), z.array(z.string().endsWith("@")).min(1)),
  tagOwners: z.record(tag, z.array(z.string().startsWith("group:")).min(1)),
  acls: z.array(
    z.strictObject({
      action: z.literal("accept"),
      proto: proto.optional(),
      src: z.array(z.union([tag, z.literal(["autogroup:member", "*"])])).min(1),
      dst: z.array(destination).min(1),
    }),
  ),
  tests: z.array(
    z.strictObject({
      src: tag,
      proto: proto.optional(),
      accept: z.array(destination).default([]),
      deny: z.array(destination).default([]),
    }),
  ),
});
export type Policy = z.infer<typeof policyShape>;

/** A machine in the mesh; one without a tag is somebody's own device. */
export interface Machine {
  name: string;
  tag?: string;
}

export interface Packet {
  from: Machine;
  to: Machine;
  proto: z.infer<typeof proto> | "icmp";
  port: number;
}

/** HuJSON is JSON with comments and commas at the end. @throws Error */
export function readPolicy(text: string): Policy {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first) throw new Error(`${printParseErrorCode(first.error)} at ${first.offset}`);
  return policyShape.parse(value);
}

function isIn(selector: string, machine: Machine): boolean {
  if (selector === "*") return true;
  return selector === "autogroup:member" ? machine.tag === undefined : machine.tag === selector;
}

function split(text: string): { host: string; port: string } {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at), port: text.slice(at + 1) };
}

/** A rule without a protocol is for all of them. */
export const isAllowed = ({ acls }: Policy, { from, to, proto: used, port }: Packet): boolean =>
  acls.some(
    (rule) =>
      (rule.proto === undefined || rule.proto === used) &&
      rule.src.some((selector) => isIn(selector, from)) &&
      rule.dst.some((text) => {
        const { host, port: allowed } = split(text);
        return isIn(host, to) && (allowed === "*" || Number(allowed) === port);
      }),
  );

/**
 * What the policy's own `tests` find wrong. Stricter than either server: "accept" is every machine to every machine,
 * "deny" is none to none, and a selector that no machine is in fails, as it does in Headscale.
 */
export function failedTests(policy: Policy, machines: readonly Machine[]): string[] {
  const within = (selector: string) => machines.filter((machine) => isIn(selector, machine));
  return policy.tests.flatMap(({ src, proto: used = "tcp", accept, deny }) => {
    const check = (text: string, expected: boolean): string[] => {
      const { host, port } = split(text);
      const pairs = within(src).flatMap((from) => within(host).map((to) => ({ from, to })));
      const line = `${src} -> ${text} (${used})`;
      if (pairs.length === 0) return [`${line}: nobody is there`];
      return pairs
        .filter(
          (pair) => isAllowed(policy, { ...pair, proto: used, port: Number(port) }) !== expected,
        )
        .map(({ from, to }) => `${line}: ${from.name} to ${to.name}, expected ${String(expected)}`);
    };
    return [
      ...accept.flatMap((text) => check(text, true)),
      ...deny.flatMap((text) => check(text, false)),
    ];
  });
}
