/** The person switch of local mode: everybody in one click, with what they may do in words. */
import { html } from "htm/preact";
import type { Person } from "./types.ts";

/** More people than this do not fit as buttons. */
const most = 6;

export function People({
  people,
  as,
  choose,
}: {
  people: readonly Person[];
  as: string;
  choose: (id: string) => void;
}) {
  const now = people.find(({ id }) => id === as);
  const rights = now === undefined ? "" : now.rights;
  return html`
    <div class="people">
      ${
        people.length > most
          ? html`<select aria-label="Act as" value=${as} onChange=${(event: Event) => {
              if (event.target instanceof HTMLSelectElement) choose(event.target.value);
            }}>
              ${people.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
            </select>`
          : html`<fieldset>
              <legend class="unseen">Act as</legend>
              ${people.map(
                (person) => html`
                  <label title=${person.rights}>
                    <input type="radio" name="as" value=${person.id} checked=${person.id === as}
                      aria-describedby="rights" onChange=${() => choose(person.id)} />
                    <${Avatar} name=${person.name} /><span>${person.name}</span>
                  </label>`,
              )}
            </fieldset>`
      }
      <p id="rights" title=${rights}>${rights}</p>
    </div>`;
}

/** The first letter in a circle; its grey comes from the name. */
export function Avatar({ name }: { name: string }) {
  return html`<span class="avatar" aria-hidden="true">${name.slice(0, 1).toUpperCase()}</span>`;
}
