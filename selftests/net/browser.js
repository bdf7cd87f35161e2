// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * browser.js: a real browser that does what stdin says, a line at a time, and answers each with one line of JSON:
 * what the page said, or {"error": ...}.
 *
 *	open URL		the answer's headers
 *	eval EXPRESSION		its value, in the page
 *	await EXPRESSION	true as soon as it is true, within 20 s
 *	press KEY		on the keyboard
 *	type TEXT		likewise
 *	size WIDTH HEIGHT
 *	dark on|off		what the reader prefers
 *	shot FILE		a picture of what is to be seen
 *	talk			what the page wrote to the console, with errors, and forgets it
 *	tree			what a screen reader is given
 */
"use strict";
const { chromium } = require(process.argv[2]);
const PATIENCE_MS = 20000;

async function main() {
	const browser = await chromium.launch({
		executablePath: process.argv[3],
		handleSIGTERM: false,
		args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
	});
	const page = await browser.newPage();
	let talk = [];
	page.setDefaultTimeout(PATIENCE_MS);
	page.on("console", message => talk.push(`${message.type()}: ${message.text()}`));
	page.on("pageerror", error => talk.push(`error: ${error.message}`));
	page.on("request", request => talk.push(`asks: ${request.url()}`));

	const verbs = {
		open: async url => (await page.goto(url)).headers(),
		eval: expression => page.evaluate(expression),
		/* Not waitForFunction(): a page that may not make code of text may not do that either. */
		await: async expression => {
			const end = Date.now() + PATIENCE_MS;
			while (Date.now() < end) {
				if (await page.evaluate(expression))
					return true;
				await new Promise(done => setTimeout(done, 100));
			}
			return false;
		},
		press: key => page.keyboard.press(key),
		type: text => page.keyboard.type(text),
		size: async size => {
			const [width, height] = size.split(" ").map(Number);
			await page.setViewportSize({ width, height });
		},
		dark: on => page.emulateMedia({ colorScheme: on === "on" ? "dark" : "light" }),
		shot: path => page.screenshot({ path }).then(() => path),
		talk: () => {
			const said = talk;
			talk = [];
			return said;
		},
		tree: () => page.locator("body").ariaSnapshot(),
	};
	for await (const line of require("readline").createInterface({ input: process.stdin })) {
		const [verb, ...rest] = line.split(" ");
		let answer;
		try {
			answer = (await verbs[verb](rest.join(" "))) ?? null;
		} catch (error) {
			answer = { error: error.message };
		}
		process.stdout.write(`${JSON.stringify(answer)}\n`);
	}
	await browser.close();
}
main().catch(error => {
	console.error(error);
	process.exit(1);
});
