package vn.hailong.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import vn.hailong.DeclarationStatus;
import vn.hailong.Rating;

/**
 * The join for frameworks with keyed state: benchmarks/contenders/rules.py in Java.
 *
 * <p>The value of a declaration is the sequence of its records as received, each with its kind and its length:
 * a status is added by appending it. Only rated declarations are ever parsed.
 *
 * <p>Not for use by several threads.
 */
public final class Rules {
    private static final int FRAME = 5;
    private static final int ENTRY = 5;
    private static final byte STATUS = 0;
    private static final byte RATING = 1;

    private final Facts facts;
    private final SpecificDatumReader<DeclarationStatus> statuses = new SpecificDatumReader<>(DeclarationStatus.class);
    private final SpecificDatumReader<Rating> ratings = new SpecificDatumReader<>(Rating.class);
    private BinaryDecoder decoder;

    /**
     * @param reference file with reference data, see {@link Reference}
     */
    public Rules(Path reference) {
        facts = new Facts(new Reference(reference));
    }

    /** Add a status event; {@code known} is null for an unknown declaration. */
    public Outcome addStatus(byte[] known, byte[] record) {
        status(record); // a record that does not match the schema must not enter the state
        return add(known, STATUS, record);
    }

    /** Add a rating sheet. */
    public Outcome addRating(byte[] known, byte[] record) {
        rating(record);
        return add(known, RATING, record);
    }

    private Outcome add(byte[] known, byte kind, byte[] record) {
        byte[] state = known == null ? new byte[0] : known;
        boolean rated = kind == RATING;
        for (int at = 0; at < state.length; at += ENTRY + length(state, at)) {
            int end = at + ENTRY + length(state, at);
            if (state[at] == kind && Arrays.equals(state, at + ENTRY, end, record, 0, record.length)) {
                return new Outcome(null, false);
            }
            rated |= state[at] == RATING;
        }
        byte[] grown = Arrays.copyOf(state, state.length + ENTRY + record.length);
        ByteBuffer.wrap(grown, state.length, ENTRY + record.length).put(kind).putInt(record.length).put(record);
        return new Outcome(grown, rated);
    }

    /** All facts of a declaration, from its state. */
    public List<Fact> facts(byte[] state) {
        List<Stated> history = new ArrayList<>();
        List<Rated> sheets = new ArrayList<>();
        for (int at = 0; at < state.length; at += ENTRY + length(state, at)) {
            byte[] record = Arrays.copyOfRange(state, at + ENTRY, at + ENTRY + length(state, at));
            if (state[at] == STATUS) {
                DeclarationStatus status = status(record);
                history.add(new Stated(status, checksum(record), status.getOccurredAt().toEpochMilli()));
            } else {
                Rating rating = rating(record);
                sheets.add(new Rated(rating, checksum(record), rating.getSubmittedAt().toEpochMilli()));
            }
        }
        Collections.sort(history);
        Map<String, List<Rated>> bySheet = sheets.stream()
                .sorted()
                .collect(Collectors.groupingBy(one -> one.record().getSheetId(), TreeMap::new, Collectors.toList()));
        List<Fact> found = new ArrayList<>();
        bySheet.values().forEach(revisions -> facts.of(revisions, history, found));
        return found;
    }

    private static int length(byte[] state, int at) {
        return ByteBuffer.wrap(state).getInt(at + 1);
    }

    private DeclarationStatus status(byte[] record) {
        return read(statuses, record);
    }

    private Rating rating(byte[] record) {
        return read(ratings, record);
    }

    private <T> T read(SpecificDatumReader<T> reader, byte[] record) {
        decoder = DecoderFactory.get().binaryDecoder(record, FRAME, record.length - FRAME, decoder);
        try {
            return reader.read(null, decoder);
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    private static long checksum(byte[] record) {
        CRC32 crc = new CRC32();
        crc.update(record, FRAME, record.length - FRAME);
        return crc.getValue();
    }
}
