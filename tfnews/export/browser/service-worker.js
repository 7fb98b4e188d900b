// Keeps what the page loaded, so that it works without a network from then on.
const VERSION = "VERSION_OF_THE_PAGE";
const FILES = ["FILES OF THE PAGE"];
