throw new Error("This is a stand-in for a bundle that was not built. Run `npm run build:lambda`, then deploy again.");
