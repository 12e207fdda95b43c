/** The closed list of failures: each code's HTTP status and what it means. `docs/errors.md` explains them to people. */
import { CodedError, type CodedErrorOptions } from "../base/error.ts";

interface ErrorMeaning {
  status: number;
  /** One plain sentence for somebody who has never seen the code. */
  text: string;
}

export const errorCodes = {
  // Shape of a request
  invalid_json: { status: 400, text: "The body is not well-formed JSON in UTF-8." },
  duplicate_key: { status: 400, text: "An object in the body names the same key twice." },
  json_too_deep: { status: 400, text: "The body nests more than 32 levels deep." },
  invalid_value: { status: 400, text: "A value is missing or not of the kind that is asked for." },
  unknown_parameter: { status: 400, text: "The body or query names an unknown parameter." },
  unsupported_media_type: {
    status: 415,
    text: "The content type or encoding is not one that is understood here.",
  },
  request_too_large: { status: 413, text: "The body is larger than this route accepts." },
  headers_too_large: { status: 431, text: "The headers are larger or more than is accepted." },
  bad_framing: { status: 400, text: "The HTTP framing is ambiguous, so the request was refused." },
  invalid_path: { status: 400, text: "The path holds characters that are not allowed in it." },
  not_found: { status: 404, text: "There is nothing at this path." },
  method_not_allowed: { status: 405, text: "The path exists but not with this method." },
  not_implemented: { status: 501, text: "The API has this, and this server does not do it." },
  request_timeout: { status: 408, text: "The request did not arrive in time." },

  // Proven calls
  missing_proof: {
    status: 401,
    text: "This call acts for somebody and must carry a proof of their key.",
  },
  invalid_proof: { status: 401, text: "The proof does not verify, or was made for another call." },
  body_hash_mismatch: { status: 401, text: "The proof was made for another body." },
  clock_skew: { status: 401, text: "The time stated is too far from the time here." },
  upgrade_required: { status: 426, text: "This version of the protocol is no longer spoken here." },
  rate_limit_exceeded: { status: 429, text: "Too many calls in too short a time." },
  idempotency_mismatch: { status: 422, text: "The same id was used before with another body." },
  not_owner: { status: 403, text: "This belongs to another account." },
  account_unknown: { status: 404, text: "No account has this id." },
  account_revoked: { status: 403, text: "The coordinator's operator has cut this account off." },

  // Keys of an account
  invalid_link: {
    status: 403,
    text: "The link code is not signed by the new key for this account, or is too old.",
  },
  key_in_use: { status: 409, text: "The key belongs to an account of its own, or was revoked." },
  key_limit: { status: 403, text: "The account already has as many keys as one account may have." },
  key_unknown: { status: 404, text: "The account has no such key." },
  last_key: { status: 409, text: "The only key of an account cannot be revoked." },

  // Joining
  join_required: {
    status: 403,
    text: "This coordinator admits new accounts only by an invitation, or for some work.",
  },
  puzzle_invalid: {
    status: 403,
    text: "The work that joining costs is not done, was done for another key, or is too old.",
  },
  invite_invalid: { status: 403, text: "The invitation does not exist, is used up or too old." },
  node_limit: {
    status: 403,
    text: "The account already has as many nodes as one account may have.",
  },
  node_unknown: { status: 404, text: "No node has this id; it must enrol first." },
  node_revoked: { status: 403, text: "The coordinator's operator has cut this node off." },
  node_key_mismatch: { status: 403, text: "The key that proved this call is not this node's." },
  invalid_enrolment: {
    status: 403,
    text: "The enrolment is not signed by the owner for this node.",
  },
  stale_heartbeat: { status: 409, text: "A newer heartbeat of this node was already received." },
  challenge_invalid: {
    status: 400,
    text: "No challenge waits for this answer: it is another's, was answered already, or is too old.",
  },
  invalid_address: { status: 400, text: "The coordinator does not list addresses of this kind." },

  // Tickets and credits
  insufficient_credits: {
    status: 402,
    text: "The account has too few credits for a ticket at this node: lend a machine, or ask a cheaper one.",
  },
  faucet_empty: {
    status: 402,
    text: "Starter credits are used up for now; the account is in the queue for more.",
  },
  same_account: { status: 400, text: "Giver and receiver are the same account." },
  not_transferable: { status: 403, text: "These credits cannot be given away." },
  model_not_found: { status: 404, text: "No node in reach offers this model." },
  no_nodes_available: { status: 503, text: "Every node that offers this model is busy or away." },
  ledger_unavailable: { status: 503, text: "The books cannot be reached; nothing was charged." },

  // Outcomes of receipt and acknowledgement lines
  receipt_conflict: {
    status: 409,
    text: "Another line was already received for this request; the first stands.",
  },
  request_unproven: { status: 401, text: "The one-time secret does not belong to the ticket." },
  hold_not_found: { status: 404, text: "No hold has this id." },
  invalid_signature: { status: 401, text: "The signature of the statement does not verify." },
  budget_exhausted: { status: 402, text: "The ticket's budget is spent." },

  // Worker
  missing_ticket: { status: 401, text: "The request carries no ticket." },
  invalid_ticket: { status: 401, text: "The ticket does not verify." },
  ticket_expired: { status: 401, text: "The ticket is not valid at this time." },
  ticket_revoked: { status: 401, text: "The ticket was revoked by its coordinator." },
  wrong_audience: { status: 403, text: "The ticket is for another node." },
  wrong_model: { status: 403, text: "The ticket is for another model." },
  request_replayed: { status: 409, text: "This one-time secret was already used." },
  session_unknown: {
    status: 409,
    text: "The node does not hold the key that this was sealed to; its present one comes along.",
  },
  seal_broken: {
    status: 400,
    text: "The sealed bytes do not open: they were altered, or sealed for something else.",
  },
  unsupported_parameter: { status: 400, text: "The engine cannot do what a parameter asks for." },
  context_length_exceeded: { status: 400, text: "The prompt is longer than the model's context." },
  engine_error: { status: 502, text: "The inference engine failed." },
  engine_unavailable: {
    status: 503,
    text: "The inference engine is not installed or not running.",
  },
  model_invalid: { status: 400, text: "The model file cannot be loaded." },
  busy: { status: 503, text: "The node has no free slot." },
  owner_busy: { status: 503, text: "The node's owner is using the machine." },
  not_allowed: { status: 403, text: "The node's owner does not lend to you." },
  draining: { status: 503, text: "The node is about to stop and takes no new requests." },

  // Client
  forbidden_origin: {
    status: 403,
    text: "Web pages may not use this API unless their origin is allowed.",
  },
  invalid_api_key: {
    status: 401,
    text: "The API key is not the one this sidecar was started with.",
  },
  spending_cap: { status: 402, text: "The request would cost more than a spending cap leaves." },
  image_unavailable: {
    status: 400,
    text: "An image that the request names by its address could not be had from there.",
  },
  response_not_found: { status: 404, text: "No response with this id is kept here." },
  previous_response_not_found: {
    status: 400,
    text: "The response to go on from is not kept here.",
  },
  websocket_connection_limit_reached: {
    status: 400,
    text: "The connection was open for as long as one may be; a new one can be opened at once.",
  },
  stream_truncated: { status: 502, text: "The answer ended before it was complete." },
  path_lost: { status: 502, text: "The way to the node broke." },
  node_unreachable: { status: 502, text: "The node could not be reached." },
  node_not_allowed: {
    status: 403,
    text: "You allow certain nodes or owners only, and this node is none of them.",
  },
  key_statement_invalid: { status: 502, text: "The node's statement of its key does not verify." },
  key_statement_expired: {
    status: 502,
    text: "The node's statement of its key is not valid at this time.",
  },
  wrong_node: { status: 502, text: "The key is another node's than the one that was asked for." },
  node_key_changed: {
    status: 502,
    text: "The node is vouched for by another key than the one remembered for it.",
  },
  coordinator_unreachable: { status: 502, text: "The coordinator could not be reached." },
  timeout: { status: 504, text: "The answer did not arrive in time." },

  // Operators
  login_required: { status: 401, text: "This takes the operator's name and password." },
  not_permitted: { status: 403, text: "This operator's role does not allow that." },
  operator_unknown: { status: 404, text: "No operator has this name." },
  operator_exists: { status: 409, text: "There is an operator of this name already." },
  grant_limit: { status: 403, text: "Treasurers granted all that may be granted in a day." },
  locked_out: { status: 429, text: "There were too many wrong passwords; try again later." },

  // Start-up and command line
  usage: { status: 400, text: "The command line was not understood." },
  port_taken: { status: 500, text: "Another program listens on the port." },
  key_file_invalid: { status: 500, text: "The key file cannot be read or is not safe." },
  data_folder_locked: { status: 500, text: "Another process uses the data folder." },
  data_folder_invalid: { status: 500, text: "The data folder cannot be used." },
  configuration_invalid: { status: 500, text: "A setting is missing or not understood." },
  database_unreachable: { status: 500, text: "The database cannot be reached." },
  worker_not_running: { status: 503, text: "No worker runs on this data folder." },
  client_not_running: { status: 503, text: "No local API runs on this data folder." },
  not_ours_to_end: { status: 409, text: "The process is not one that this command may end." },
  tool_missing: { status: 500, text: "A program is not installed, or not on the PATH." },
  settings_unclear: {
    status: 500,
    text: "A file of settings cannot be read, or not changed without harm; nothing was written.",
  },
  settings_changed: {
    status: 409,
    text: "What was written into a program's settings was changed since; nothing was put back.",
  },

  // The mesh
  mesh_unavailable: { status: 500, text: "Tailscale is not installed here or does not run." },
  mesh_joined_elsewhere: { status: 409, text: "This machine is in another mesh already." },
  mesh_join_failed: { status: 502, text: "The mesh did not let this machine in." },

  // Services
  service_failed: {
    status: 500,
    text: "The system's service manager is not there, or did not do what it was asked.",
  },

  internal_error: {
    status: 500,
    text: "Something broke on our side; the request id finds it in the log.",
  },
} as const satisfies Record<string, ErrorMeaning>;

export type ErrorCode = keyof typeof errorCodes;

/** An expected failure of Monkey Troop. */
export class TroopError extends CodedError<ErrorCode> {
  constructor(
    code: ErrorCode,
    message: string = errorCodes[code].text,
    options: CodedErrorOptions = {},
  ) {
    super(code, message, options);
    this.name = "TroopError";
  }

  get status(): number {
    return errorCodes[this.code].status;
  }
}

export const isErrorCode = (text: unknown): text is ErrorCode =>
  typeof text === "string" && Object.hasOwn(errorCodes, text);
