// "Use via API" says of each argument first, in gradio's words (seen in 6.31.0), which unseen component it stands in: nothing that
// a reader can use. What the argument means follows, and stays.

const PHRASE = /^The input value that is provided in the "[^]*?" \S*\s+component\.\s*/;

export function watchDocs() {
  new MutationObserver(shorten).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
  shorten();  // a visitor can be there first
}

function shorten() {
  const docs = document.querySelector(".api-docs");
  if (!docs) return;
  const texts = document.createTreeWalker(docs, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (PHRASE.test(text.data)) text.data = text.data.replace(PHRASE, "");
  }
}
