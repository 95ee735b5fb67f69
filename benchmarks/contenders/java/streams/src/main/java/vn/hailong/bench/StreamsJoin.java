package vn.hailong.bench;

import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Contender Kafka Streams: the Processor API over one store, at least once, changelog in Kafka.
 *
 * <p>Arguments: bootstrap servers, application id, directory, reference file, topics of statuses, ratings and facts,
 * {@code rocksdb} or {@code memory}.
 */
public final class StreamsJoin {
    private static final String STORE = "declarations";

    private StreamsJoin() {}

    /** One record in, its facts out. */
    private static final class Join implements Processor<byte[], byte[], byte[], byte[]> {
        private final Rules rules;
        private final String ratings;
        private ProcessorContext<byte[], byte[]> context;
        private KeyValueStore<byte[], byte[]> known;

        Join(Rules rules, String ratings) {
            this.rules = rules;
            this.ratings = ratings;
        }

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            this.context = context;
            known = context.getStateStore(STORE);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            boolean rating = context.recordMetadata().orElseThrow().topic().equals(ratings);
            byte[] state = known.get(record.key());
            Outcome outcome = rating ? rules.addRating(state, record.value()) : rules.addStatus(state, record.value());
            if (outcome.state() != null) {
                known.put(record.key(), outcome.state());
            }
            if (outcome.changed()) {
                for (Fact fact : rules.facts(outcome.state())) {
                    context.forward(new Record<>(fact.key(), fact.value(), record.timestamp()));
                }
            }
        }
    }

    private static Topology topology(Path reference, String statuses, String ratings, String facts, String store) {
        var bytes = Serdes.ByteArray();
        var supplier = store.equals("memory")
                ? Stores.inMemoryKeyValueStore(STORE)
                : Stores.persistentKeyValueStore(STORE);
        return new Topology()
                .addSource("statuses", bytes.deserializer(), bytes.deserializer(), statuses)
                .addSource("ratings", bytes.deserializer(), bytes.deserializer(), ratings)
                .addProcessor("join", () -> new Join(new Rules(reference), ratings), "statuses", "ratings")
                .addStateStore(Stores.keyValueStoreBuilder(supplier, bytes, bytes).withCachingEnabled(), "join")
                .addSink("facts", facts, bytes.serializer(), bytes.serializer(), "join");
    }

    private static Properties settings(String bootstrap, String application, String directory) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, directory);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 10_000);
        // A cached value is written to the store and its changelog once, however often it changed between commits.
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 256L << 20);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10_000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);
        settings.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), 6_000);
        // A restart within the session timeout gets its partitions at once.
        settings.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), "bench");
        settings.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 2_000);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
        return settings;
    }

    /** Runs until it is killed. */
    public static void main(String[] arguments) {
        Topology topology =
                topology(Path.of(arguments[3]), arguments[4], arguments[5], arguments[6], arguments[7]);
        KafkaStreams streams = new KafkaStreams(topology, settings(arguments[0], arguments[1], arguments[2]));
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }
}
