"""The texts of the consents that come with Modou: short and plain, a template for the operator, who
answers for what people agree to and has it checked by somebody who knows the law."""

from modou.i18n import _

AGREEMENT = _(
    "*Template of the software; the training provider puts its own text in its place.*\n\n"
    "1. The account is yours alone. Study yourself, do not let others study, answer or be "
    "examined for you, and do not hand on your password.\n"
    "2. The platform records your study time by its own clock. Programs that fake study or exam "
    "answers are forbidden; what they gained is taken back and may be reported to the authority.\n"
    "3. Courses, videos and questions belong to their authors. Do not copy or spread them.\n"
    "4. Post nothing that is against the law or hurts others.\n"
    "5. The training provider may suspend accounts that break these rules, and says why. You may "
    "appeal.\n"
)

PRIVACY = _(
    "*Template of the software; the training provider puts its own text in its place.*\n\n"
    "**What is processed and why.** Name, ID number and phone number, to know who is trained; "
    "enrolments, study records, device and address, answers and grades, to show that the training "
    "took place; sign-ins and administrative acts, for security.\n\n"
    "**How it is kept.** ID and phone numbers are stored encrypted and shown masked; whoever "
    "looks at them leaves a trace. Records of training are kept for at least three years after "
    "the class closes, as the supervision of training demands, then deleted.\n\n"
    "**Who receives it.** Nobody else, except where the law demands it or you agree to it "
    "separately.\n\n"
    "**Your rights.** You may look at, copy, correct and delete your data, withdraw a consent in "
    "your profile, and ask the training provider to close your account. Records that the law "
    "wants kept stay until their time is over.\n"
)

REGULATOR = _(
    "*Template of the software; the training provider puts its own text in its place.*\n\n"
    "So that training can be subsidised, the training provider hands my name, ID number, study "
    "records and grades to the authority that supervises vocational training. I may refuse or "
    "withdraw this at any time; training whose cost the authority bears may then not be "
    "subsidised.\n"
)
