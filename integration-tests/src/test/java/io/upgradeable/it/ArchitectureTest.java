package io.upgradeable.it;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.upgradeable.negotiation.Negotiation;
import org.junit.jupiter.api.Test;

/** The walls between the rooms, as ARCHITECTURE.md draws them. */
final class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.upgradeable");

  private static final DescribedPredicate<JavaClass> THE_HOOK =
      simpleName("TlsUpgrade")
          .or(simpleName("TlsContexts"))
          .or(simpleName("OpenSslAlerts"))
          .as("the hook (TlsUpgrade, the contexts of its engines, and their alerts)");

  @Test
  void onlyTheHook_touchesNettysTls() {
    check(
        noClasses()
            .that(DescribedPredicate.not(THE_HOOK))
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.netty.handler.ssl.."));
  }

  @Test
  void onlyTheDriver_callsTheHook() {
    check(
        noClasses()
            .that(
                DescribedPredicate.not(
                    THE_HOOK
                        .or(simpleName("NegotiationHandler"))
                        .or(nestedIn("NegotiationHandler"))
                        .or(nestedIn("TlsUpgrade"))))
            .should()
            .callMethodWhere(
                com.tngtech.archunit.core.domain.JavaCall.Predicates.target(
                        com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner(
                            simpleName("TlsUpgrade")))
                    .and(
                        com.tngtech.archunit.core.domain.JavaCall.Predicates.target(
                            com.tngtech.archunit.core.domain.properties.HasName.Predicates.name(
                                "start")))));
  }

  private static DescribedPredicate<JavaClass> nestedIn(String outer) {
    return DescribedPredicate.describe(
        "nested in " + outer, c -> c.getName().contains("." + outer + "$"));
  }

  @Test
  void theFace_theSpiAndThePolicies_knowNoNetty() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(
                "io.upgradeable",
                "io.upgradeable.negotiation",
                "io.upgradeable.session",
                "io.upgradeable.tls",
                "io.upgradeable.internal")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.netty.."));
  }

  @Test
  void theSpi_speaksJdkTypesOnly() {
    check(
        classes()
            .that()
            .resideInAPackage("io.upgradeable.negotiation")
            .should()
            .onlyDependOnClassesThat(
                resideInAnyPackage(
                    "java..", "javax..", "io.upgradeable.negotiation", "org.jspecify..")));
  }

  private static final String[] PROTOCOLS = {
    "io.upgradeable.ping..",
    "io.upgradeable.smtp..",
    "io.upgradeable.ldap..",
    "io.upgradeable.connect..",
    "io.upgradeable.sasl.."
  };

  @Test
  void protocols_knowNoNetty() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(PROTOCOLS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..", "io.upgradeable.cli.."));
  }

  @Test
  void negotiations_knowNoDriver() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(PROTOCOLS)
            .and()
            .implement(Negotiation.class)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.upgradeable.netty.."));
  }

  @Test
  void nothing_butTheCommandLineKnowsTheCommandLine() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("io.upgradeable.cli..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.upgradeable.cli..", "picocli.."));
  }

  @Test
  void publicSignatures_ofTheDriver_showNoNetty() {
    ArchCondition<JavaClass> showNoNetty =
        new ArchCondition<>("show no Netty type in a public signature") {
          @Override
          public void check(JavaClass item, ConditionEvents events) {
            for (JavaMethod method : item.getMethods()) {
              boolean visible =
                  method.getModifiers().contains(JavaModifier.PUBLIC)
                      && !method.getModifiers().contains(JavaModifier.BRIDGE);
              boolean netty =
                  method.getRawReturnType().getPackageName().startsWith("io.netty")
                      || method.getRawParameterTypes().stream()
                          .anyMatch(type -> type.getPackageName().startsWith("io.netty"));
              if (visible && netty) {
                events.add(SimpleConditionEvent.violated(method, method.getDescription()));
              }
            }
          }
        };
    check(
        classes()
            .that()
            .resideInAPackage("io.upgradeable.netty")
            .and()
            .arePublic()
            .should(showNoNetty));
  }

  @Test
  void engines_areNeverPutFirstNorLookedUpByClass() {
    check(
        noClasses()
            .should()
            .callMethod("io.netty.channel.ChannelPipeline", "addFirst", "java.lang.String")
            .orShould()
            .callMethod(io.netty.channel.ChannelPipeline.class, "addFirst", channelHandlers())
            .orShould()
            .callMethod(io.netty.channel.ChannelPipeline.class, "get", Class.class));
  }

  private static Class<?> channelHandlers() {
    return io.netty.channel.ChannelHandler[].class;
  }

  private static void check(ArchRule rule) {
    assertThat(CLASSES).as("classes to check").isNotEmpty();
    rule.check(CLASSES);
  }
}
