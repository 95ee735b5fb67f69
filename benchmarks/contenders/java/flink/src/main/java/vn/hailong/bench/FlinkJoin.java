package vn.hailong.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.TimerService;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Contender Flink: a keyed process function with one value per declaration, one JVM, one slot, checkpoints every 10 s.
 *
 * <p>State is on the heap (HashMap) and in checkpoints on disk; a restart begins with the newest complete checkpoint.
 * Arguments: bootstrap servers, group, directory, reference file, topics of statuses, ratings and facts.
 */
public final class FlinkJoin {
    private FlinkJoin() {}

    /** Key, whether it is a rating, value. */
    private static final class Read implements KafkaRecordDeserializationSchema<Tuple3<String, Boolean, byte[]>> {
        private final String ratings;

        Read(String ratings) {
            this.ratings = ratings;
        }

        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Tuple3<String, Boolean, byte[]>> out) {
            String key = new String(record.key(), StandardCharsets.ISO_8859_1);
            out.collect(Tuple3.of(key, record.topic().equals(ratings), record.value()));
        }

        @Override
        public TypeInformation<Tuple3<String, Boolean, byte[]>> getProducedType() {
            return TypeInformation.of(new TypeHint<>() {});
        }
    }

    /**
     * One record in; facts of its declaration out within {@link #PAUSE_MS}, once for all records that came meanwhile.
     *
     * <p>Flink reads the few ratings of a backlog before most statuses; without the pause each of these would give all
     * facts of its declaration again.
     */
    private static final class Join
            extends KeyedProcessFunction<String, Tuple3<String, Boolean, byte[]>, Tuple2<byte[], byte[]>> {
        private static final long PAUSE_MS = 100;

        private final String reference;
        private transient Rules rules;
        private transient ValueState<byte[]> known;

        Join(String reference) {
            this.reference = reference;
        }

        @Override
        public void open(OpenContext context) {
            rules = new Rules(Path.of(reference));
            known = getRuntimeContext().getState(
                    new ValueStateDescriptor<>("known", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
        }

        @Override
        public void processElement(
                Tuple3<String, Boolean, byte[]> record, Context context, Collector<Tuple2<byte[], byte[]>> out)
                throws IOException {
            Outcome outcome =
                    record.f1 ? rules.addRating(known.value(), record.f2) : rules.addStatus(known.value(), record.f2);
            if (outcome.state() != null) {
                known.update(outcome.state());
            }
            if (outcome.changed()) {
                TimerService timers = context.timerService();
                // Timers of one key and instant are one timer.
                timers.registerProcessingTimeTimer((timers.currentProcessingTime() / PAUSE_MS + 1) * PAUSE_MS);
            }
        }

        @Override
        public void onTimer(long at, OnTimerContext context, Collector<Tuple2<byte[], byte[]>> out) throws IOException {
            for (Fact fact : rules.facts(known.value())) {
                out.collect(Tuple2.of(fact.key(), fact.value()));
            }
        }
    }

    private static final class Write implements KafkaRecordSerializationSchema<Tuple2<byte[], byte[]>> {
        private final String topic;

        Write(String topic) {
            this.topic = topic;
        }

        @Override
        public ProducerRecord<byte[], byte[]> serialize(
                Tuple2<byte[], byte[]> fact, KafkaSinkContext context, Long timestamp) {
            return new ProducerRecord<>(topic, fact.f0, fact.f1);
        }
    }

    /** The newest complete checkpoint: its metadata are written last. */
    private static Optional<Path> newest(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.endsWith("_metadata"))
                    .max(Comparator.comparing(file -> file.toFile().lastModified()))
                    .map(Path::getParent);
        }
    }

    private static Configuration settings(Path directory) throws IOException {
        Configuration settings = new Configuration();
        settings.set(StateBackendOptions.STATE_BACKEND, "hashmap");
        settings.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, directory.toUri().toString());
        settings.set(
                CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        newest(directory).ifPresent(path -> settings.setString("execution.state-recovery.path", path.toUri().toString()));
        settings.setString("restart-strategy.type", "none");
        return settings;
    }

    /** Runs until it is killed. */
    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        Path directory = Path.of(arguments[2], "checkpoints");
        var environment = StreamExecutionEnvironment.createLocalEnvironment(1, settings(directory));
        environment.enableCheckpointing(10_000, CheckpointingMode.AT_LEAST_ONCE);
        environment.getConfig().enableObjectReuse();
        KafkaSource<Tuple3<String, Boolean, byte[]>> source = KafkaSource.<Tuple3<String, Boolean, byte[]>>builder()
                .setBootstrapServers(bootstrap)
                .setGroupId(arguments[1])
                .setTopics(arguments[4], arguments[5])
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setDeserializer(new Read(arguments[5]))
                .setProperty("max.poll.records", "10000")
                .setProperty("max.partition.fetch.bytes", String.valueOf(4 << 20))
                .build();
        KafkaSink<Tuple2<byte[], byte[]>> sink = KafkaSink.<Tuple2<byte[], byte[]>>builder()
                .setBootstrapServers(bootstrap)
                .setRecordSerializer(new Write(arguments[6]))
                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                .setProperty("compression.type", "lz4")
                .setProperty("linger.ms", "5")
                .setProperty("batch.size", String.valueOf(256 << 10))
                .build();
        environment.fromSource(source, WatermarkStrategy.noWatermarks(), "in")
                .keyBy(record -> record.f0)
                .process(new Join(arguments[3]))
                .sinkTo(sink);
        environment.execute("join");
    }
}
