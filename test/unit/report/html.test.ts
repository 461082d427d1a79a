import { embedJson, Html, html } from "../../../src/report/html";

test("whatever is put into a template is escaped, but for HTML itself", () => {
  const name = `</script><b a="1" b='2'>&`;
  expect(html`<p>${name}</p>`.text).toBe(
    "<p>&lt;/script&gt;&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;</p>",
  );
  expect(html`${[html`<i>${1}</i>`, new Html("<hr>"), undefined]}`.text).toBe("<i>1</i><hr>");
});

test("JSON in a script element holds no tag and reads back the same", () => {
  const value = { name: "</script><!-- \u2028 &" };
  const { text } = embedJson(value);
  expect(text).not.toMatch(/[<\u2028]/);
  expect(JSON.parse(text)).toEqual(value);
});
