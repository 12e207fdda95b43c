import { expect, test } from "vitest";
import { socketPathIn } from "./private-socket.ts";

test("where there are no Unix sockets it is a named pipe, whose name is the folder's", () => {
  expect(socketPathIn("/tmp/troop-socket-a1", "linux")).toBe("/tmp/troop-socket-a1/socket");
  const windows = "C:\\Users\\me\\Temp\\troop-socket-a1";
  expect(socketPathIn(windows, "win32")).toBe("\\\\.\\pipe\\troop-socket-a1");
});
