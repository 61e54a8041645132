/** The greeting, and which version says it. */
export const greeting = (version) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hello ${version}</title>
<style>:root { color-scheme: light dark; font: 20px/1.6 system-ui, sans-serif; } body { margin: 20vh auto; width: fit-content; }</style>
<h1>Hello</h1>
<p>from version ${version}</p>
</html>
`;
