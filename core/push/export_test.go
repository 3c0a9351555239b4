package push

// Seal is seal, for the example of RFC 8291, which fixes what is random.
var Seal = seal
