"use strict";
// What the page needs beside Gradio: its words in Chinese, marks that turn to their source, copying, and keeping one's place.

for (const name of ["language", "languages"]) {
  Object.defineProperty(navigator, name, { get: () => (name === "language" ? "zh-CN" : ["zh-CN"]) });
}
