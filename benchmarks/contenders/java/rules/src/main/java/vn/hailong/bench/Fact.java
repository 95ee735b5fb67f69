package vn.hailong.bench;

/** A record to send: key and framed Avro value. */
public record Fact(byte[] key, byte[] value) {}
