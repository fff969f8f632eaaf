//! What the verdict of a guardrail has on the heap.

use super::{Heap, members, variants};
use aws_sdk_bedrockruntime::operation::{
    apply_guardrail::ApplyGuardrailOutput, invoke_guardrail_checks::InvokeGuardrailChecksOutput,
};

impl Heap for ApplyGuardrailOutput {
    fn heap(&self) -> usize {
        self.action_reason.heap() + self.outputs.heap() + self.assessments.heap()
    }
}

impl Heap for InvokeGuardrailChecksOutput {
    fn heap(&self) -> usize {
        self.results.heap()
    }
}

members! {
    GuardrailChecksResults { content_filter, prompt_attack, sensitive_information }
    GuardrailChecksContentFilterResult { results }
    GuardrailChecksContentFilterResultEntry {}
    GuardrailChecksPromptAttackResult { results }
    GuardrailChecksPromptAttackResultEntry {}
    GuardrailChecksSensitiveInformationResult { results }
    GuardrailChecksSensitiveInformationResultEntry {}
    GuardrailOutputContent { text }
    GuardrailTraceAssessment { model_output, input_assessment, output_assessments, action_reason }
    GuardrailAssessment {
        topic_policy,
        content_policy,
        word_policy,
        sensitive_information_policy,
        contextual_grounding_policy,
        automated_reasoning_policy,
        applied_guardrail_details,
    }
    GuardrailTopicPolicyAssessment { topics }
    GuardrailTopic { name }
    GuardrailContentPolicyAssessment { filters }
    GuardrailContentFilter {}
    GuardrailWordPolicyAssessment { custom_words, managed_word_lists }
    GuardrailCustomWord { r#match }
    GuardrailManagedWord { r#match }
    GuardrailSensitiveInformationPolicyAssessment { pii_entities, regexes }
    GuardrailPiiEntityFilter { r#match }
    GuardrailRegexFilter { name, r#match, regex }
    GuardrailContextualGroundingPolicyAssessment { filters }
    GuardrailContextualGroundingFilter {}
    AppliedGuardrailDetails { guardrail_id, guardrail_version, guardrail_arn, guardrail_origin }
    GuardrailAutomatedReasoningPolicyAssessment { findings }
    GuardrailAutomatedReasoningImpossibleFinding { translation, contradicting_rules, logic_warning }
    GuardrailAutomatedReasoningInvalidFinding { translation, contradicting_rules, logic_warning }
    GuardrailAutomatedReasoningSatisfiableFinding {
        translation,
        claims_true_scenario,
        claims_false_scenario,
        logic_warning,
    }
    GuardrailAutomatedReasoningValidFinding {
        translation,
        claims_true_scenario,
        supporting_rules,
        logic_warning,
    }
    GuardrailAutomatedReasoningTranslationAmbiguousFinding { options, difference_scenarios }
    GuardrailAutomatedReasoningTranslationOption { translations }
    GuardrailAutomatedReasoningTranslation {
        premises,
        claims,
        untranslated_premises,
        untranslated_claims,
    }
    GuardrailAutomatedReasoningLogicWarning { premises, claims }
    GuardrailAutomatedReasoningScenario { statements }
    GuardrailAutomatedReasoningStatement { logic, natural_language }
    GuardrailAutomatedReasoningRule { identifier, policy_version_arn }
    GuardrailAutomatedReasoningInputTextReference { text }
}

variants! {
    GuardrailOrigin {}
    GuardrailAutomatedReasoningFinding { Impossible, Invalid, Satisfiable, TranslationAmbiguous, Valid }
}
