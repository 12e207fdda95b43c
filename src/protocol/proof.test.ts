import { exportJWK, generateKeyPair } from "jose";
import { expect, test } from "vitest";
import { systemRandom } from "../base/random.ts";
import { checkProof, createProof, type ProvenCall } from "./proof.ts";
import { createSigner, type PublicJwk, thumbprintOf, verifier } from "./signature.ts";
import { checkStatement, createStatement, enrolmentBody } from "./statement.ts";

const now = 1_800_000_000_000;
const call: ProvenCall = {
  method: "POST",
  url: "https://troop.example/authorize",
  body: '{"a":1}',
};

const newSigner = async (algorithm: "Ed25519" | "RS256" = "Ed25519", modulusLength = 2_048) => {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength });
  return createSigner((await exportJWK(privateKey)) as PublicJwk & { d: string });
};
const signer = await newSigner();
const proof = await createProof(signer, systemRandom, now, call);

test.each(["Ed25519", "RS256"] as const)(
  "a proof by a %s key names its holder",
  async (algorithm) => {
    const holder = await newSigner(algorithm);
    const made = await createProof(holder, systemRandom, now, call);
    await expect(checkProof(verifier, made, call, now)).resolves.toEqual({
      ...{ id: holder.id, jwk: holder.jwk },
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      provenAt: now - (now % 1_000),
    });
  },
);

test.each([
  ["no proof", undefined, call, now, "missing_proof"],
  ["text that is no JWS", "abc", call, now, "invalid_proof"],
  ["another method", proof, { ...call, method: "GET" }, now, "invalid_proof"],
  ["another URL", proof, { ...call, url: "https://evil.example/authorize" }, now, "invalid_proof"],
  ["another path", proof, { ...call, url: "https://troop.example/users" }, now, "invalid_proof"],
  ["another body", proof, { ...call, body: '{"a":2}' }, now, "body_hash_mismatch"],
  ["a missing body", proof, { ...call, body: "" }, now, "body_hash_mismatch"],
  ["a time too long ago", proof, call, now + 31_000, "clock_skew"],
  ["a time to come", proof, call, now - 31_000, "clock_skew"],
  ["a spoiled signature", proof.replace(/[^.]+$/, "A".repeat(86)), call, now, "invalid_proof"],
])("a proof with %s is refused", async (_case, text, made, at, code) => {
  await expect(checkProof(verifier, text, made, at)).rejects.toMatchObject({ code });
});

test("another key cannot be put into a proof's header", async () => {
  const thief = await newSigner();
  const [header, payload, signature] = proof.split(".");
  const parsed = JSON.parse(Buffer.from(header!, "base64url").toString()) as object;
  const swapped = Buffer.from(JSON.stringify({ ...parsed, jwk: thief.jwk })).toString("base64url");
  await expect(
    checkProof(verifier, [swapped, payload, signature].join("."), call, now),
  ).rejects.toMatchObject({
    code: "invalid_proof",
  });
});

test("a signed text of one type does not serve as another", async () => {
  const statement = await createStatement(
    signer,
    "troop-enrolment+jwt",
    "https://troop.example",
    now,
    {
      node: signer.id,
      owner: signer.id,
    },
  );
  await expect(checkProof(verifier, statement, call, now)).rejects.toMatchObject({
    code: "invalid_proof",
  });
  await expect(
    checkStatement(
      verifier,
      proof,
      "troop-enrolment+jwt",
      "https://troop.example",
      enrolmentBody,
      "invalid_enrolment",
    ),
  ).rejects.toMatchObject({ code: "invalid_enrolment" });
});

test("a statement is bound to its audience and its shape", async () => {
  const make = (body: object) =>
    createStatement(signer, "troop-enrolment+jwt", "https://a.example", now, body);
  const read = async (body: object, audience: string) =>
    checkStatement(
      verifier,
      await make(body),
      "troop-enrolment+jwt",
      audience,
      enrolmentBody,
      "invalid_enrolment",
    );
  const body = { node: signer.id, owner: signer.id };
  await expect(read(body, "https://a.example")).resolves.toMatchObject({
    signer: signer.id,
    signedAt: now,
    body,
  });
  await expect(read(body, "https://b.example")).rejects.toMatchObject({
    code: "invalid_enrolment",
  });
  await expect(read({ ...body, extra: 1 }, "https://a.example")).rejects.toMatchObject({
    code: "invalid_enrolment",
  });
});

test("RSA keys that are too short, or private members in a header, are refused", async () => {
  const { publicKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = await exportJWK(publicKey);
  await expect(newSigner("RS256", 1_024)).rejects.toThrow();
  expect(() => thumbprintOf(jwk as PublicJwk)).not.toThrow();
  const { n } = jwk as { n: string };
  const short = Buffer.from(n, "base64url").subarray(0, 128).toString("base64url");
  const { publicJwk } = await import("./signature.ts");
  expect(publicJwk.safeParse({ kty: "RSA", n, e: "AQAB" }).success).toBe(true);
  expect(publicJwk.safeParse({ kty: "RSA", n: short, e: "AQAB" }).success).toBe(false);
  expect(publicJwk.safeParse({ kty: "RSA", n, e: "Aw" }).success).toBe(false);
  expect(publicJwk.safeParse({ kty: "RSA", n, e: "AQAB", d: "AA" }).success).toBe(false);
});

test("a thumbprint is the one of RFC 8037 appendix A.3", () => {
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  } as const;
  expect(thumbprintOf(jwk)).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
});
