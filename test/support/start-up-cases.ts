/** Starts that must fail, and what each must say. */
import type { ExpectedFailure } from "./failure.ts";

/** Nobody listens on the discard port. */
export const nobody = "http://127.0.0.1:9";
export const noCoordinator = ["--coordinator", nobody];

interface Case extends ExpectedFailure {
  name: string;
  words: string[];
  environment?: NodeJS.ProcessEnv;
  /** Made in the data folder beforehand. */
  files?: Record<string, { text: string; mode?: number }>;
}

const key = { text: `{"kty":"OKP","crv":"Ed25519","x":"x","d":"d"}` };

export const startUpCases: Case[] = [
  {
    name: "an unknown flag",
    words: ["up", "--bogus"],
    ...{ code: "usage", exit: 2, says: /unknown option '--bogus'/i, run: /^troop up --help$/ },
  },
  {
    name: "an unknown command",
    words: ["wroker"],
    ...{
      code: "usage",
      exit: 2,
      says: /'wroker' \(Did you mean worker\?\)/,
      run: /^troop --help$/,
    },
  },
  {
    name: "a word too many",
    words: ["up", "now"],
    ...{
      code: "usage",
      exit: 2,
      says: /Expected 0 arguments but got 1: now/,
      run: /^troop up --help/,
    },
  },
  {
    name: "a port that is none",
    words: ["coordinator", "--port", "99999"],
    ...{ code: "usage", exit: 2, says: /--port takes a number/, run: /^troop coordinator --help$/ },
  },
  {
    name: "a page that is too large",
    words: ["transactions", "--limit", "1000", ...noCoordinator],
    ...{ code: "usage", exit: 2, says: /from 1 to 200/, run: /^troop transactions --help$/ },
  },
  {
    name: "a question without words",
    words: ["demo", "--ask", " "],
    ...{ code: "usage", exit: 2, says: /--ask takes a question/, run: /^troop demo --help$/ },
  },
  {
    name: "a setting that is not understood",
    words: ["coordinator"],
    environment: { LISTEN: "everywhere" },
    ...{
      code: "configuration_invalid",
      exit: 2,
      says: /LISTEN.*127\.0\.0\.1:8000/,
      run: /--help$/,
    },
  },
  {
    name: "no coordinator named",
    words: ["balance"],
    code: "configuration_invalid",
    ...{ exit: 2, says: /None is named/, run: /^troop balance --json --coordinator http:/ },
  },
  {
    name: "a coordinator's URL that is none",
    words: ["up", "--coordinator", "localhost:8000"],
    code: "configuration_invalid",
    ...{ exit: 2, says: /must look like/, run: /--coordinator http:\/\/localhost:8000$/ },
  },
  {
    name: "http:// to a public address",
    words: ["balance", "--coordinator", "http://192.0.2.7:8000"],
    code: "configuration_invalid",
    ...{
      exit: 2,
      says: /must begin with https:/,
      run: /--coordinator https:\/\/192\.0\.2\.7:8000$/,
    },
  },
  ...["up", "worker", "balance", "nodes", "models", "transactions"].map((command) => ({
    name: `${command}, where no coordinator listens`,
    words: [command, ...noCoordinator],
    code: "coordinator_unreachable",
    ...{ exit: 3, says: /ECONNREFUSED/, run: /^troop coordinator --listen 127\.0\.0\.1:9$/ },
  })),
  {
    name: "an account key that others can read",
    words: ["up", ...noCoordinator],
    files: { "account.key.json": { ...key, mode: 0o644 } },
    ...{ code: "key_file_invalid", exit: 1, says: /can be read by others/, run: /^chmod 600 \// },
  },
  {
    name: "an account key that is none",
    words: ["balance", ...noCoordinator],
    files: { "account.key.json": { text: "-----BEGIN PRIVATE KEY-----" } },
    code: "key_file_invalid",
    ...{
      exit: 1,
      says: /account\.key\.json does not hold a private key/,
      run: /^mv \/.* \/.*\.broken/,
    },
  },
  {
    name: "a node key that is none",
    words: ["worker", ...noCoordinator],
    files: { "worker/node.key.json": { text: "{}" } },
    code: "key_file_invalid",
    ...{ exit: 1, says: /node\.key\.json does not hold a private key/, run: /^mv / },
  },
  {
    name: "a ticket key that others can read",
    words: ["coordinator", "--port", "0"],
    files: { "coordinator/keys/ticket-key.json": { text: "{}", mode: 0o644 } },
    code: "key_file_invalid",
    ...{ exit: 1, says: /ticket-key\.json can be read by others/, run: /^chmod 600 \// },
  },
  {
    name: "a database that is not there",
    words: ["coordinator", "--port", "0"],
    environment: { DATABASE_URL: "postgres://me:secret@127.0.0.1:9/troop" },
    code: "database_unreachable",
    ...{ exit: 3, says: /ECONNREFUSED/, run: /^pg_isready -h 127\.0\.0\.1 -p 9$/ },
  },
  {
    name: "a database URL that is none",
    words: ["coordinator", "--port", "0"],
    environment: { DATABASE_URL: "mysql://127.0.0.1/troop" },
    ...{
      code: "configuration_invalid",
      exit: 2,
      says: /must begin with postgres:/,
      run: /--help$/,
    },
  },
  {
    name: "a model file that is missing",
    words: ["demo", "--model", "missing.gguf"],
    code: "model_not_found",
    ...{ exit: 1, says: /missing\.gguf does not exist/, run: /^find ~ -name '\*\.gguf'$/ },
  },
  {
    name: "a model file that is no GGUF",
    words: ["demo", "--model", "README.md", "--ask", "Why?"],
    code: "model_invalid",
    ...{ exit: 1, says: /README\.md is not in the GGUF format/, run: /^find ~ -name/ },
  },
];
