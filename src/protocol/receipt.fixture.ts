/** What a test's line names where nothing went over a wire. */
export const someHashes = {
  request_hash: "q".repeat(43),
  response_hash: "r".repeat(43),
};
