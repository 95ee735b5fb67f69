package vn.hailong.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import vn.hailong.RatingItem;
import vn.hailong.Target;

/** Facts of a sheet: the rule of processors/domain/join/facts.py. */
final class Facts {
    private static final UUID ROOT = UUID.fromString("6f0d7f3e-4f0b-5c55-9d53-8a8f6f1f2b10");
    private static final int COUNT_BITS = 16;
    private static final int KEY_DIGITS = 11;
    private static final String WHOLE_OFFICE = "00";

    private final Reference reference;
    private final Schema schema;
    private final GenericDatumWriter<GenericRecord> writer;
    private BinaryEncoder encoder;

    private record Seen(Rated revision, RatingItem item, Long[] since) {}

    Facts(Reference reference) {
        this.reference = reference;
        try (InputStream text = Facts.class.getResourceAsStream("/rated-service.v1.avsc")) {
            schema = new Schema.Parser().parse(text);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
        writer = new GenericDatumWriter<>(schema);
    }

    /**
     * Adds the facts of one sheet.
     *
     * @param revisions its records, the one that counts last
     * @param history distinct statuses of its declaration in order of time
     */
    void of(List<Rated> revisions, List<Stated> history, List<Fact> to) {
        Rated latest = revisions.get(revisions.size() - 1);
        Context context = new Context(history, latest.at(), reference);
        TreeMap<String, Seen> last = new TreeMap<>();
        for (Rated revision : revisions) {
            for (RatingItem item : revision.record().getItems()) {
                String identity = String.join("\u001f", item.getTarget().name(), item.getOffice(), item.getTargetId());
                Seen before = last.get(identity);
                Long[] since = before == null ? new Long[] {0L, 0L, 0L, 0L, 0L} : before.since();
                if (since[item.getScore() - 1] == 0) {
                    since[item.getScore() - 1] = revision.at();
                }
                last.put(identity, new Seen(revision, item, since));
            }
        }
        long version = version(revisions, history);
        last.forEach((identity, seen) -> to.add(fact(identity, seen, latest, version, context)));
    }

    private static long version(List<Rated> revisions, List<Stated> history) {
        long until = revisions.stream().mapToLong(Rated::at).max().orElseThrow();
        Set<String> bearing = new HashSet<>();
        history.stream().filter(row -> row.at() <= until).forEach(row -> bearing.add(row.record().getEventId()));
        long rows = history.stream().filter(row -> bearing.contains(row.record().getEventId())).count();
        long count = Math.min(revisions.size() + rows, (1 << COUNT_BITS) - 1);
        return (long) revisions.get(revisions.size() - 1).record().getRevision() << COUNT_BITS | count;
    }

    private Fact fact(String identity, Seen seen, Rated latest, long version, Context context) {
        var rating = seen.revision().record();
        RatingItem item = seen.item();
        String state = context.count > 0 ? "MATCHED" : "UNMATCHED";
        if (seen.revision() != latest) {
            state = "SUPERSEDED";
        }
        String key = rating.getDeclarationNo().substring(0, KEY_DIGITS);
        GenericRecord fact = new GenericData.Record(schema);
        fact.put("fact_id", id(String.join("\u001f", "fact", key, rating.getSheetId(), identity)));
        fact.put("version", version);
        fact.put("state", symbol("state", state));
        fact.put("sheet_id", rating.getSheetId());
        fact.put("revision", rating.getRevision());
        fact.put("declaration_no", rating.getDeclarationNo());
        fact.put("submitted_at", seen.revision().at());
        fact.put("phase", symbol("phase", rating.getPhase().name()));
        fact.put("target", symbol("target", item.getTarget().name()));
        fact.put("office", item.getOffice());
        fact.put("target_id", item.getTargetId());
        fact.put("score", item.getScore());
        fact.put("reason", item.getReason());
        fact.put("score_since", Arrays.asList(seen.since()));
        boolean team = item.getTarget() == Target.TEAM && !WHOLE_OFFICE.equals(item.getTargetId());
        fact.put("target_known", reference.known(item.getOffice(), team ? item.getTargetId() : null, seen.revision().at()));
        fact.put("has_comment", rating.getComment() != null && !rating.getComment().isEmpty());
        fact.put("has_contact", rating.getContact() != null);
        fact.put("tax_code", rating.getTaxCode() != null ? rating.getTaxCode() : context.taxCode);
        fact.put("declaration_office", context.office);
        fact.put("declaration_team", context.team);
        fact.put("status", context.status);
        fact.put("channel", context.channel);
        fact.put("kind", context.kind);
        fact.put("status_count", context.count);
        fact.put("registered_at", context.registeredAt);
        fact.put("permitted_at", context.permittedAt);
        fact.put("document_minutes", context.documentMinutes);
        fact.put("goods_minutes", context.goodsMinutes);
        fact.put("clearance_minutes", context.clearanceMinutes);
        fact.put("on_time", context.onTime);
        return new Fact(item.getOffice().getBytes(StandardCharsets.UTF_8), framed(fact));
    }

    private GenericData.EnumSymbol symbol(String field, String name) {
        return new GenericData.EnumSymbol(schema.getField(field).schema(), name);
    }

    private byte[] framed(GenericRecord fact) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(512);
        out.writeBytes(reference.header);
        encoder = EncoderFactory.get().binaryEncoder(out, encoder);
        try {
            writer.write(fact, encoder);
            encoder.flush();
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
        return out.toByteArray();
    }

    /** Version 5 of a UUID, as Python's uuid5 gives it. */
    private static String id(String name) {
        byte[] root = ByteBuffer.allocate(16).putLong(ROOT.getMostSignificantBits())
                .putLong(ROOT.getLeastSignificantBits()).array();
        try {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            sha1.update(root);
            ByteBuffer hash = ByteBuffer.wrap(sha1.digest(name.getBytes(StandardCharsets.UTF_8)));
            long high = hash.getLong() & ~0xF000L | 0x5000L;
            long low = hash.getLong() & ~(0xC0L << 56) | 0x80L << 56;
            return new UUID(high, low).toString();
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
