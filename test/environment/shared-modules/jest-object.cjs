// jest gives its object to CommonJS modules only.
/* global jest */
module.exports = jest;
