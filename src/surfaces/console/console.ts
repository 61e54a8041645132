/** The surface "console": a message's row is the message, so posting is only telling who listens. */
import type { OutMessage, Place, Surface } from "../../core/surface.ts";
import type { Bus } from "./bus.ts";

/** The way out to the console's pages. Posting the same id twice makes one message. */
export function console(bus: Bus): Surface {
  const tell = (place: Place, message: OutMessage, isNew: boolean): void =>
    bus.tell({ is: "message", channel: place.channel, message, isNew });
  return {
    name: "console",
    // A card that changes five times a second is a blur; the eye needs no more.
    pace: 200,
    post: async (place, message) => {
      tell(place, message, true);
      return message.id;
    },
    edit: async (place, _ref, message) => tell(place, message, false),
    close: async () => {},
  };
}
