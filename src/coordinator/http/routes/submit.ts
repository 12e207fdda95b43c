/** `POST /transactions/submit`: a receipt by shared key. Off by default; receipts that both sides sign are the norm. */
import { submitAnswer, submitRequest } from "../../../protocol/endpoints.ts";
import { hmacReceiptTaken } from "../../audit/events.ts";
import { callerOf } from "../audited.ts";
import type { App, Services } from "../services.ts";

export function submitRoute(app: App, { hmacReceiver, auditLog }: Services): void {
  app.post(
    "/transactions/submit",
    {
      schema: {
        summary: "Settle a hold by a receipt with a shared key",
        body: submitRequest,
        response: { 200: submitAnswer },
      },
    },
    async (request) => {
      const answer = await hmacReceiver.submit(request.body);
      await auditLog.recordDurably(hmacReceiptTaken(callerOf(request), answer));
      return answer;
    },
  );
}
