/** The tool that the tests with Vercel's AI SDK hand over. */
import { tool } from "ai";
import { z } from "zod";
import { plainText } from "../support/fake-engine/script.ts";
import type { SdkNetwork } from "./sdk-network.ts";

/** Tells of sun wherever one asks; the model then says "Sunny." */
export const sunny = (sdk: SdkNetwork) =>
  tool({
    description: "How it is outside",
    inputSchema: z.object({ city: z.string() }),
    execute({ city }) {
      sdk.play(plainText("Sunny."));
      return `sun over ${city}`;
    },
  });
