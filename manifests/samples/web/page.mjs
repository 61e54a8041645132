/** The shop's page: what there is to buy, and which version says so. */

const goods = [
  ["Brass compass", "48 €"],
  ["Signal flags, set of 26", "120 €"],
  ["Rope, 30 m", "35 €"],
];

export function shop(version) {
  const rows = goods
    .map(([name, price]) => `<li><span>${name}</span><b>${price}</b></li>`)
    .join("");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Harbour Shop ${version}</title>
<style>
  :root { color-scheme: light dark; font: 17px/1.6 system-ui, sans-serif; }
  body { max-width: 34rem; margin: 12vh auto; padding: 0 1.5rem; }
  h1 { font-size: 1.8rem; margin: 0; }
  ul { list-style: none; padding: 0; margin: 2rem 0; }
  li { display: flex; justify-content: space-between; padding: .6rem 0; border-bottom: 1px solid #8884; }
  footer { opacity: .7; font-size: .9rem; }
  code { font-family: ui-monospace, monospace; }
</style>
<h1>Harbour Shop</h1>
<p>Everything for the way out, and for the way back.</p>
<ul>${rows}</ul>
<footer>web <code>${version}</code></footer>
</html>
`;
}
